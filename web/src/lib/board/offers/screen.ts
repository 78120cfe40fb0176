/** Doings that need the screen: the page of the board lends them. */
import type { Hands } from "../hands.svelte";
import type { Looking } from "../looking.svelte";
import type { Material } from "../material.svelte";

export interface Screen {
  readonly hands: Hands;
  readonly looking: Looking;
  readonly material: Material;
  fitAll(): void;
  fitSelection(): void;
  focus(): void;
  actualSize(): void;
  zoomBy(factor: number): void;
  chooseFiles(): void;
  chooseFolder(): void;
  /** With the camera of a phone or tablet. */
  takePhoto(): void;
  /** Pictures by their address, or those of a page. */
  addFromWeb(): void;
  newNote(): void;
  editSelected(): void;
  /** Names, tags and links of what is selected. */
  showProperties(): void;
  /** Where it lies and how large it is, as numbers. */
  showNumbers(): void;
  /** Asks for the file that the selected picture is to become. */
  replacePicture(): void;
  pasteFromClipboard(): void;
  showKeys(): void;
  toggleChrome(): void;
  /** Null: nothing here can play. */
  readonly isPlaying: boolean | null;
  togglePlaying(): void;
  backOut(): void;
}
