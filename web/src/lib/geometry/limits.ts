/** What the server takes, and what a hand may make of it. */
export const LEAST_SCALE = 1e-4;
export const MOST_SCALE = 1e4;
/** Of a width or height, in board units before scale. */
export const LEAST_SIDE = 1e-3;
/** Nothing is made smaller by hand than these screen pixels. */
export const LEAST_PX = 8;
