// The page's data: one JSON block for words, one deflated block for numbers.

const $ = (id) => document.getElementById(id);
const DATA = JSON.parse($("data").textContent);
const KINDS = { u1: Uint8Array, u2: Uint16Array, u4: Uint32Array, i4: Int32Array, f4: Float32Array, f8: Float64Array };

/** Typed arrays by name. Arrays of several bytes are stored byte plane by byte plane. */
async function unpack(packed) {
  const text = atob(packed.data);
  const bytes = new Uint8Array(text.length);
  for (let i = 0; i < text.length; i++) bytes[i] = text.charCodeAt(i);
  const stream = new Blob([bytes]).stream().pipeThrough(new DecompressionStream("deflate"));
  const flat = new Uint8Array(await new Response(stream).arrayBuffer());
  const arrays = {};
  let at = 0;
  for (const [name, kind, length] of packed.toc) {
    const size = +kind[1];
    const out = new Uint8Array(length * size);
    for (let plane = 0; plane < size; plane++)
      for (let i = 0; i < length; i++) out[i * size + plane] = flat[at + plane * length + i];
    arrays[name] = new KINDS[kind](out.buffer);
    at += length * size;
  }
  return arrays;
}

// Web Mercator on a unit square: u grows eastward from 0° (1 is 360°), v southward.
const mercatorU = (lon) => lon / 360;
const mercatorV = (lat) => {
  const s = Math.sin((Math.max(-85, Math.min(85, lat)) * Math.PI) / 180);
  return 0.5 - Math.log((1 + s) / (1 - s)) / (4 * Math.PI);
};

/** Cells with their corners on the map, and masses per scenario and species [kg]. */
function readCells(arrays) {
  const n = arrays.ix.length;
  const cells = { n, level: arrays.level, ix: arrays.ix, iy: arrays.iy, area: arrays.area, observed: arrays.observed };
  cells.west = new Float64Array(n);
  cells.south = new Float64Array(n);
  cells.size = new Float64Array(n);
  for (let i = 0; i < n; i++) {
    const size = (cells.size[i] = DATA.sizes[arrays.level[i]]);
    // Sizes are decimal fractions: rounding keeps 0.1 × 1203 at 120.3.
    cells.west[i] = Math.round(arrays.ix[i] * size * 1e6) / 1e6;
    cells.south[i] = Math.round(arrays.iy[i] * size * 1e6) / 1e6 - 90;
  }
  cells.mass = readMasses(arrays, n);
  cells.months = arrays.months ? split(arrays.months, DATA.months.length, n) : null;
  cells.phases = split(arrays.phases, DATA.phases.length, n);
  cells.classes = arrays.classes ? split(arrays.classes, DATA.classes.length, n) : null;
  cells.interval = arrays.low ? { low: arrays.low, high: arrays.high } : null;
  if (arrays.who) {
    const places = arrays.who.length / (n || 1);
    cells.who = split(arrays.who, places, n);
    cells.whoShare = split(arrays.who_share, places, n);
  }
  if (cells.months) {
    cells.perMonth = new Float32Array(n);
    for (let i = 0; i < n; i++) {
      let sum = 0;
      for (const month of cells.months) sum += month[i];
      cells.perMonth[i] = sum ? 1 / sum : 0;
    }
  }
  return cells;
}

const split = (array, parts, n) => Array.from({ length: parts }, (_, k) => array.subarray(k * n, (k + 1) * n));

/** Logarithmic codes back to kilograms, then scaled so that the cells add up to the exact table. */
function readMasses(arrays, n) {
  const masses = [];
  const species = DATA.species.length;
  for (let a = 0; a < DATA.scenarios.length; a++) {
    masses.push([]);
    for (let s = 0; s < species; s++) {
      const from = (a * species + s) * n;
      const out = new Float32Array(n);
      let sum = 0;
      let below = 0;
      for (let i = 0; i < n; i++) {
        let code = arrays.mass[from + i];
        // Species are stored as differences from the first one, scenarios from the baseline.
        if (s) code += arrays.mass[a * species * n + i];
        if (a) code += s ? arrays.mass[s * n + i] + arrays.mass[i] : arrays.mass[i];
        code &= 0xffff;
        if (!code) continue;
        out[i] = DATA.smallest[s] * Math.exp((code - 1) * DATA.step);
        // Well-to-wake mass may be negative: a credit upstream larger than what leaves the funnel.
        if (arrays.minus && arrays.minus[from + i]) below += out[i] = -out[i];
        else sum += out[i];
      }
      const exact = DATA.sums[a][s];
      // Where both signs meet they nearly cancel: a factor would spoil each cell to mend their sum.
      if (below && sum) sum = 0;
      sum += below;
      if (sum) for (let i = 0; i < n; i++) out[i] *= exact / sum;
      masses[a].push(out);
    }
  }
  return masses;
}

/** A breakdown's table with its numbers: mass(scenario, species, row, month), month 0 being all. */
function readBreakdown(meta, index, arrays) {
  const months = DATA.months.length;
  const rows = meta.rows.length;
  const species = DATA.species.length;
  const pick = (array, at, month) => {
    if (month) return array[at * months + month - 1];
    let sum = 0;
    for (let m = 0; m < months; m++) sum += array[at * months + m];
    return sum;
  };
  const of = (name) => arrays[`b${index}.${name}`];
  const table = { ...meta, index };
  table.mass = (a, s, row, month) => pick(of("mass"), (a * species + s) * rows + row, month);
  table.hours = (row, month) => pick(of("hours"), row, month);
  table.distance = (row, month) => pick(of("distance"), row, month);
  table.observed = (row, month) => pick(of("observed"), row, month);
  const bounds = of("interval");
  table.interval = bounds
    ? (a, s, row) => [0, 1].map((k) => bounds[((k * DATA.scenarios.length + a) * species + s) * rows + row])
    : null;
  table.total = (a, s, month) => meta.rows.reduce((sum, _, row) => sum + table.mass(a, s, row, month), 0);
  return table;
}

/** Rings of one zone as Mercator paths with their bounds in degrees. */
function readZones(arrays) {
  let at = 0;
  return DATA.zones.map((zone) => {
    const paths = [];
    const box = [Infinity, Infinity, -Infinity, -Infinity];
    const rings = [];
    for (const count of zone.rings) {
      const corners = [];
      const path = new Float64Array(count * 2);
      for (let k = 0; k < count; k++) {
        const lon = arrays.zones[2 * at];
        const lat = arrays.zones[2 * at + 1];
        at++;
        corners.push([lon, lat]);
        path[2 * k] = mercatorU(lon);
        path[2 * k + 1] = mercatorV(lat);
        box[0] = Math.min(box[0], lon);
        box[1] = Math.min(box[1], lat);
        box[2] = Math.max(box[2], lon);
        box[3] = Math.max(box[3], lat);
      }
      paths.push(path);
      rings.push(corners);
    }
    return { ...zone, paths, rings, box, heart: heart(rings) };
  });
}

/** Centre of the largest ring, where a name may stand, or null when it lies outside. */
function heart(rings) {
  let best = null;
  let largest = 0;
  for (const ring of rings) {
    let area = 0;
    let x = 0;
    let y = 0;
    const [x0, y0] = ring[0];
    for (let k = 0, j = ring.length - 1; k < ring.length; j = k++) {
      const [ax, ay] = [ring[j][0] - x0, ring[j][1] - y0];
      const [bx, by] = [ring[k][0] - x0, ring[k][1] - y0];
      const cross = ax * by - bx * ay;
      area += cross;
      x += (ax + bx) * cross;
      y += (ay + by) * cross;
    }
    if (Math.abs(area) <= largest) continue;
    largest = Math.abs(area);
    const place = [x0 + x / (3 * area), y0 + y / (3 * area)];
    best = inside([ring], ...place) ? place : null;
  }
  return best;
}

function readTracks(arrays) {
  let at = 0;
  return DATA.tracks.map((track) => {
    const path = new Float64Array(track.n * 2);
    const lons = [];
    const lats = [];
    for (let k = 0; k < track.n; k++, at++) {
      lons.push(arrays.tracks[2 * at]);
      lats.push(arrays.tracks[2 * at + 1]);
      path[2 * k] = mercatorU(arrays.tracks[2 * at]);
      path[2 * k + 1] = mercatorV(arrays.tracks[2 * at + 1]);
    }
    return { ...track, path, lons, lats };
  });
}

/** Land rings, each with flags for the edges that are coast and not the frame of a window. */
function readLand(arrays) {
  const land = JSON.parse(new TextDecoder().decode(arrays.land));
  const rings = [];
  for (const group of land.groups) {
    const [west, south, east, north] = group.frame;
    const near = (a, b) => Math.abs(a - b) < group.quantum * 1.5;
    for (const steps of group.rings) {
      const count = steps.length / 2;
      const path = new Float64Array(count * 2);
      const coast = new Uint8Array(count);
      const lon = new Float64Array(count);
      const lat = new Float64Array(count);
      let x = 0;
      let y = 0;
      for (let k = 0; k < count; k++) {
        x += steps[2 * k];
        y += steps[2 * k + 1];
        lon[k] = x * group.quantum;
        lat[k] = y * group.quantum;
        path[2 * k] = mercatorU(lon[k]);
        path[2 * k + 1] = mercatorV(lat[k]);
      }
      for (let k = 0; k < count; k++) {
        const j = (k + 1) % count;
        const onSide = (values, side) => near(values[k], side) && near(values[j], side);
        const frames = [group.frame, ...land.groups.filter((g) => g !== group).map((g) => g.frame)];
        coast[k] = frames.some(
          (f) => onSide(lon, f[0]) || onSide(lon, f[2]) || onSide(lat, f[1]) || onSide(lat, f[3]),
        )
          ? 0
          : 1;
      }
      const box = [Infinity, Infinity, -Infinity, -Infinity];
      for (let k = 0; k < count; k++) {
        box[0] = Math.min(box[0], path[2 * k]);
        box[1] = Math.min(box[1], path[2 * k + 1]);
        box[2] = Math.max(box[2], path[2 * k]);
        box[3] = Math.max(box[3], path[2 * k + 1]);
      }
      rings.push({ path, coast, box });
    }
  }
  return rings;
}
