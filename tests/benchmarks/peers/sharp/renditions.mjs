// The same sizes as webref makes, with sharp at its best: one decode, each size from the one before, two
// pictures at a time.
// Arguments: folder of pictures, folder for renditions, WebP effort. Prints CPU and wall seconds as JSON.
import { readdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import sharp from "sharp";

const [source, target, effort] = process.argv.slice(2);
sharp.concurrency(1);
sharp.cache(false);
const sizes = [320, 800, 1600];

async function develop(name, keep) {
  const path = join(source, name);
  const { width, height } = await sharp(path).metadata();
  const longest = Math.max(width, height);
  const steps = sizes.slice(0, sizes.filter((size) => size < longest).length + 1).reverse();
  let current = sharp(path).rotate();
  const made = [];
  for (const size of steps) {
    const { data, info } = await current
      .resize(size, size, { fit: "inside", withoutEnlargement: true })
      .raw()
      .toBuffer({ resolveWithObject: true });
    const raw = { raw: { width: info.width, height: info.height, channels: info.channels } };
    made.push([size, data, raw]);
    current = sharp(data, raw);
  }
  for (const [size, data, raw] of made.reverse()) {
    const content = await sharp(data, raw).webp({ quality: 85, effort: Number(effort) }).toBuffer();
    if (keep) await writeFile(join(target, `${name}-${size}.webp`), content);
  }
}

const names = (await readdir(source)).sort();
await develop(names[0], false);
const before = process.cpuUsage();
const began = performance.now();
const waiting = [...names];
await Promise.all(
  [1, 2].map(async () => {
    for (let name = waiting.shift(); name !== undefined; name = waiting.shift()) await develop(name, true);
  }),
);
const { user, system } = process.cpuUsage(before);
console.log(JSON.stringify({ cpu: (user + system) / 1e6, wall: (performance.now() - began) / 1000 }));
