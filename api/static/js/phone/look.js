// What the phone itself can see of a photo before it is sent: blurred, dark, glaring, small, cut off. Hints only; nothing is blocked.
const SIDE = 640;

// From 46 real phone photos and the same darkened, blurred and cut: sharpness 0.58 to 0.91 as they came, at most 0.30 blurred by 4 px in
// 1600; light 142 to 216, at most 64 at a third of the light; print at a cut edge 0.6 to 2.8, at an uncut one below 0.65 in 95 of 100.
export const LIMITS = { blurred: 0.35, dark: 100, glare: 0.05, scan: 0.5, small: 900, cut: 0.7 };

async function pixels(blob) {
  const picture = await createImageBitmap(blob, { imageOrientation: "from-image" });
  const scale = Math.min(1, SIDE / Math.max(picture.width, picture.height));
  const width = Math.max(1, Math.round(picture.width * scale)), height = Math.max(1, Math.round(picture.height * scale));
  const canvas = typeof OffscreenCanvas === "undefined" ? Object.assign(document.createElement("canvas"), { width, height }) : new OffscreenCanvas(width, height);
  const context = canvas.getContext("2d", { willReadFrequently: true });
  context.drawImage(picture, 0, 0, width, height);
  const long = Math.max(picture.width, picture.height);
  picture.close();
  const rgba = context.getImageData(0, 0, width, height).data, gray = new Float32Array(width * height);
  for (let i = 0, j = 0; i < gray.length; i += 1, j += 4) gray[i] = 0.299 * rgba[j] + 0.587 * rgba[j + 1] + 0.114 * rgba[j + 2];
  return { gray, width, height, long };
}

const quantile = (values, q) => { const s = Float32Array.from(values).sort(); return s[Math.min(s.length - 1, Math.floor(q * s.length))]; };

// Pure: gray values (row by row, 0 to 255) to measures.
export function measure({ gray, width, height, long }) {
  const tile = 32, sharp = [], light = [];
  let white = 0;
  for (const g of gray) if (g > 250) white += 1;
  for (let ty = 0; ty + tile <= height; ty += tile) for (let tx = 0; tx + tile <= width; tx += tile) {
    let steepest = 0, lo = 255, hi = 0, sum = 0;
    for (let y = ty; y < ty + tile - 1; y += 1) for (let x = tx; x < tx + tile - 1; x += 1) {
      const i = y * width + x, g = gray[i];
      steepest = Math.max(steepest, Math.abs(gray[i + 1] - g), Math.abs(gray[i + width] - g));
      lo = Math.min(lo, g); hi = Math.max(hi, g); sum += g;
    }
    light.push(sum / ((tile - 1) * (tile - 1)));
    if (hi - lo > 40) sharp.push(steepest / (hi - lo)); // how much of the contrast one pixel step takes
  }
  // Print that runs into the picture's edge: steps from light to dark along the edge, about as many as in the middle. Steps across it
  // would count the paper's own edge too, where the paper fills the picture.
  const steps = (x0, x1, y0, y1, ahead) => {
    let n = 0, all = 0;
    for (let y = y0; y < y1 - 1; y += 1) for (let x = x0; x < x1 - 1; x += 1) { const i = y * width + x; all += 1; if (gray[i] - gray[i + ahead] > 30) n += 1; }
    return all ? n / all : 0;
  };
  const band = Math.max(3, Math.round(0.01 * Math.max(width, height)));
  const inner = (ahead) => steps(Math.round(width * 0.2), Math.round(width * 0.8), Math.round(height * 0.2), Math.round(height * 0.8), ahead) || 1;
  const along = inner(1), down = inner(width);
  const edges = {
    top: steps(0, width, 0, band, 1) / along, bottom: steps(0, width, height - band, height, 1) / along,
    left: steps(0, band, 0, height, width) / down, right: steps(width - band, width, 0, height, width) / down,
  };
  return {
    sharpness: sharp.length ? quantile(sharp, 0.5) : 0, light: light.length ? quantile(light, 0.75) : 0, white: white / gray.length, long, cut: edges,
  };
}

// Pure: measures to hints.
export function hints(m) {
  const found = [];
  if (m.long < LIMITS.small) found.push("small");
  if (m.light < LIMITS.dark) found.push("dark");
  if (m.white > LIMITS.glare && m.white < LIMITS.scan) found.push("glare");
  if (m.sharpness < LIMITS.blurred) found.push("blurred");
  for (const [side, share] of Object.entries(m.cut)) if (share > LIMITS.cut) found.push(`cut_${side}`);
  return found;
}

// Hints about a photo file; none for a file this browser cannot open (HEIC on Android, say).
export async function look(blob) {
  try { const m = measure(await pixels(blob)); return { hints: hints(m), measures: m }; } catch { return { hints: [], measures: null }; }
}
