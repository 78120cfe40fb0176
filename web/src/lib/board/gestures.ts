/** What hands can do on the canvas without a key of its own: said on the page of the keys. */
export const GESTURES: readonly (readonly [string, string])[] = [
  ["Wheel, pinch", "Zoom at the pointer"],
  ["Space or middle button, drag", "Move the view; on a touch screen one finger"],
  ["Drag on empty", "Select with a rubber band; Shift adds"],
  ["Shift, click", "Add to or take from the selection"],
  ["Ctrl, click", "Select one in a group; else add or take"],
  ["Double click on a group", "Go into it; Esc comes back out"],
  ["Drag", "Move, snapping to what is near; Shift keeps straight, Ctrl does not snap"],
  ["Ctrl, drag", "Rotate; Shift in steps of 45°"],
  ["Ctrl and Alt, drag", "Scale"],
  ["Drag a corner", "Scale; Alt from the middle"],
  ["Drag a side", "Stretch a note, a frame or a drawn box; Alt from the middle"],
  ["Drag the handle above", "Rotate; Shift in steps of 45°"],
  ["Draw with Shift", "Lines in steps of 45°, squares and circles; Alt from the middle"],
  ["Double click", "Focus a picture, write in a note, make a note on empty"],
  ["Right click, long press", "Menu"],
];
