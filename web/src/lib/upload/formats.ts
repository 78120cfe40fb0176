/** Which files may become pictures, or hold some, by their names and types; the server judges by their bytes. */

const ENDINGS = [
  ...["jpg", "jpeg", "jpe", "jfif", "mpo", "png", "apng", "webp", "gif", "tif", "tiff", "bmp", "dib"],
  ...[
    "avif",
    "avifs",
    "heic",
    "heif",
    "hif",
    "heics",
    "heifs",
    "jxl",
    "jp2",
    "j2k",
    "jpf",
    "jpx",
    "j2c",
    "jpc",
  ],
  ...["svg", "svgz", "pdf", "ai"],
  ...["dng", "cr2", "cr3", "nef", "nrw", "arw", "sr2", "raf", "orf", "rw2", "pef", "srw"],
  ...["mp4", "m4v", "3gp", "3g2", "mov", "qt", "webm", "mkv", "avi", "mpg", "mpeg", "ogv"],
];
/** Pictures that are not taken: sent all the same, because the server says what to do instead. */
const EXPLAINED = ["ico", "tga", "psd", "qoi", "ppm", "pgm", "pbm", "pnm", "eps"];

const ARCHIVES = ["zip"];

const NAMES = new RegExp(`\\.(?:${[...ENDINGS, ...EXPLAINED, ...ARCHIVES].join("|")})$`, "i");
const TYPES = /^(?:image|video)\/|^application\/(?:pdf|zip|x-zip-compressed)$/;

/** For the dialogue in which files are chosen. */
export const ACCEPTED = [
  ...["image/*", "video/*", "application/pdf", "application/zip"],
  ...[...ENDINGS, ...ARCHIVES].map((one) => `.${one}`),
].join(",");

/** Unpacked on the server: it goes by the name, too. */
export function isArchive(file: { name: string }): boolean {
  return /\.zip$/i.test(file.name);
}

export function mayBePicture(file: { name: string; type: string }): boolean {
  return TYPES.test(file.type) || NAMES.test(file.name);
}
