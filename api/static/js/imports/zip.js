// Many chosen files as one zip that is never whole in memory: stored, not packed (photos do not shrink), and the same bytes for the same
// files, so that a transfer that broke can go on another day.
const CRC = Uint32Array.from({ length: 256 }, (_, n) => { let c = n; for (let k = 0; k < 8; k += 1) c = c & 1 ? 0xedb88320 ^ (c >>> 1) : c >>> 1; return c >>> 0; });
const STEP = 4 * 1024 * 1024;
export const MOST_BYTES = 0xffffffff, MOST_FILES = 0xfffe; // without zip64

export function crc32(bytes, before = 0) {
  let c = ~before >>> 0;
  for (let i = 0; i < bytes.length; i += 1) c = CRC[(c ^ bytes[i]) & 255] ^ (c >>> 8);
  return ~c >>> 0;
}

async function crcOf(file) {
  let c = 0;
  for (let at = 0; at < file.size; at += STEP) c = crc32(new Uint8Array(await file.slice(at, at + STEP).arrayBuffer()), c);
  return c;
}

// DOS date and time, to two seconds.
function stamp(ms) {
  const d = new Date(ms), year = Math.max(1980, d.getFullYear());
  return [(d.getHours() << 11) | (d.getMinutes() << 5) | (d.getSeconds() >> 1), ((year - 1980) << 9) | ((d.getMonth() + 1) << 5) | d.getDate()];
}

function record(signature, fields) {
  const size = fields.reduce((n, [width]) => n + width, 4), view = new DataView(new ArrayBuffer(size));
  view.setUint32(0, signature, true);
  let at = 4;
  for (const [width, value] of fields) { if (width === 2) view.setUint16(at, value, true); else view.setUint32(at, value, true); at += width; }
  return new Uint8Array(view.buffer);
}

// files: [{path, file}]; told(done, of) hears how far it is. The order is that of the paths.
export async function zip(files, told = () => {}) {
  const parts = [], central = [], sorted = [...files].sort((a, b) => (a.path < b.path ? -1 : 1));
  let offset = 0, listed = 0;
  for (const [n, { path, file }] of sorted.entries()) {
    told(n, sorted.length);
    const name = new TextEncoder().encode(path), crc = await crcOf(file), [time, date] = stamp(file.lastModified);
    const common = [[2, 20], [2, 0x0800], [2, 0], [2, time], [2, date], [4, crc], [4, file.size], [4, file.size], [2, name.length], [2, 0]];
    const head = record(0x04034b50, common);
    parts.push(head, name, file);
    const entry = record(0x02014b50, [[2, 20], ...common, [2, 0], [2, 0], [2, 0], [4, 0], [4, offset]]);
    central.push(entry, name);
    listed += entry.length + name.length;
    offset += head.length + name.length + file.size;
  }
  const end = record(0x06054b50, [[2, 0], [2, 0], [2, sorted.length], [2, sorted.length], [4, listed], [4, offset], [2, 0]]);
  return new Blob([...parts, ...central, end], { type: "application/zip" });
}
