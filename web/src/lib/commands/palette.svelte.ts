/** Whether the palette is open: it can be asked for from anywhere. */

class Palette {
  isOpen = $state(false);
}

export const palette = new Palette();
