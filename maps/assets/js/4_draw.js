// Painters. Each takes a canvas context and a projection P = {s, x, y, w, h}: pixel = mercator * s + offset.
// The map, the two port pictures, the printed sheet and the PNG all use the same ones.

const INK = { water: "#d0e0ea", land: "#f3efe6", coast: "#8b8574", grid: "#9fb3bf", text: "#33414a" };
const ZONE_STYLES = {
  berth: { line: "#0b5a7a", width: 1.2, fill: "rgba(11,90,122,.16)" },
  port_area: { line: "#0b5a7a", width: 1.4, fill: "rgba(11,90,122,.10)" },
  anchorage: { line: "#0b5a7a", width: 1.2, dash: [5, 3], fill: "rgba(11,90,122,.05)" },
  precautionary: { line: "#7a3f8c", width: 1, dash: [2, 3], fill: "rgba(122,63,140,.05)" },
  approach: { line: "#5c6b73", width: 1, dash: [8, 4], fill: null },
  speed_voluntary: { line: null, fill: "rgba(150,140,0,.10)" },
  user: { line: "#5b3a00", width: 1.2, fill: "rgba(160,110,20,.08)" },
  // Where a rule holds is a soft tint: a line at sea would be read as a boundary.
  rule_area: { line: null, fill: null, tints: ["rgba(0,120,90,.16)", "rgba(40,80,190,.14)", "rgba(170,60,140,.13)", "rgba(170,120,0,.15)", "rgba(90,90,90,.13)"] },
  waters: { line: null, fill: null, tints: ["rgba(20,80,160,.10)", "rgba(0,130,130,.12)", "rgba(90,70,170,.10)"] },
};
const TRACK_STYLES = {
  observed: { colour: "#12303f", dash: [] },
  filled: { colour: "#12303f", dash: [4, 4] },
  planned: { colour: "#7a3f8c", dash: [1, 4] },
  simulated: { colour: "#12303f", dash: [8, 3, 1, 3] },
  // Straight between two reports: no way that a ship sailed.
  unobserved: { colour: "#a3261b", dash: [1, 6] },
};

/** Name of a zone's style: its kind, or what its system stands for. */
const zoneKind = (zone) => {
  if (ZONE_STYLES[zone.kind]) return zone.kind;
  return zone.system === "user" ? "user" : "rule_area";
};
const zoneStyle = (zone) => ZONE_STYLES[zoneKind(zone)];

/** Fill of a zone; rule areas that touch are told apart by their tints. */
function zoneFill(zone) {
  const { fill, tints } = zoneStyle(zone);
  if (!tints) return fill;
  return tints[zones.filter((each) => each.system === zone.system).indexOf(zone) % tints.length];
}

/** Projection that fits bounds [west, south, east, north] in degrees into a picture. */
function fit(bounds, w, h, margin = 0) {
  const u0 = mercatorU(bounds[0]);
  const u1 = mercatorU(bounds[2]);
  const v0 = mercatorV(bounds[3]);
  const v1 = mercatorV(bounds[1]);
  const s = Math.min((w - 2 * margin) / (u1 - u0), (h - 2 * margin) / (v1 - v0));
  return { s, x: w / 2 - (s * (u0 + u1)) / 2, y: h / 2 - (s * (v0 + v1)) / 2, w, h };
}

function trace(g, P, path, close) {
  for (let k = 0; k < path.length; k += 2) {
    const x = path[k] * P.s + P.x;
    const y = path[k + 1] * P.s + P.y;
    if (k) g.lineTo(x, y);
    else g.moveTo(x, y);
  }
  if (close) g.closePath();
}

const offPicture = (P, box) =>
  box[2] * P.s + P.x < 0 || box[0] * P.s + P.x > P.w || box[3] * P.s + P.y < 0 || box[1] * P.s + P.y > P.h;

function drawLand(g, P) {
  g.fillStyle = g.strokeStyle = INK.land;
  g.lineWidth = 0.6;
  g.beginPath();
  for (const ring of land) if (!offPicture(P, ring.box)) trace(g, P, ring.path, true);
  g.fill("evenodd");
  g.stroke();
}

function drawCoast(g, P) {
  g.strokeStyle = INK.coast;
  g.lineWidth = 0.7;
  g.beginPath();
  for (const { path, coast, box } of land) {
    if (offPicture(P, box)) continue;
    const count = coast.length;
    for (let k = 0; k < count; k++) {
      if (!coast[k]) continue;
      const j = (k + 1) % count;
      g.moveTo(path[2 * k] * P.s + P.x, path[2 * k + 1] * P.s + P.y);
      g.lineTo(path[2 * j] * P.s + P.x, path[2 * j + 1] * P.s + P.y);
    }
  }
  g.stroke();
}

function drawGrid(g, P, side = "all") {
  const { blocks: made, lists, inferred, colours } = painting(blockSize(P), side);
  const rectangle = (j) => {
    const x0 = Math.round(made.u0[j] * P.s + P.x);
    const x1 = Math.round(made.u1[j] * P.s + P.x);
    const y0 = Math.round(made.v0[j] * P.s + P.y);
    const y1 = Math.round(made.v1[j] * P.s + P.y);
    return x1 < 0 || x0 > P.w || y1 < 0 || y0 > P.h ? null : [x0, y0, Math.max(1, x1 - x0), Math.max(1, y1 - y0)];
  };
  g.globalAlpha = 0.88;
  lists.forEach((list, k) => {
    g.fillStyle = colours[k];
    for (const j of list) {
      const r = rectangle(j);
      if (r) g.fillRect(r[0], r[1], r[2], r[3]);
    }
  });
  g.globalAlpha = 1;
  if (!S.layers.inferred || !inferred.length) return;
  g.fillStyle = hatching(g);
  for (const j of inferred) {
    const r = rectangle(j);
    if (r) g.fillRect(r[0], r[1], r[2], r[3]);
  }
}

let hatch = null;
function hatching(g) {
  if (!hatch) {
    const tile = document.createElement("canvas");
    tile.width = tile.height = 6;
    const t = tile.getContext("2d");
    t.strokeStyle = "rgba(255,255,255,.75)";
    t.lineWidth = 1;
    t.beginPath();
    for (const shift of [-6, 0, 6]) {
      t.moveTo(shift, 6);
      t.lineTo(shift + 6, 0);
    }
    t.stroke();
    hatch = tile;
  }
  return g.createPattern(hatch, "repeat");
}

/** Clip two halves at the divider, or paint one whole grid. */
function drawGrids(g, P) {
  if (!S.layers.grid) return;
  if (comparison().mode !== "swipe") return drawGrid(g, P);
  const x = Math.round((S.split / 100) * P.w);
  for (const [side, from, width] of [["left", 0, x], ["right", x, P.w - x]]) {
    g.save();
    g.beginPath();
    g.rect(from, 0, width, P.h);
    g.clip();
    drawGrid(g, P, side);
    g.restore();
  }
  swipeNames(g, P, x);
}

/** Which scenario lies on which side of the divider. */
function swipeNames(g, P, x) {
  const { a, b } = comparison();
  g.font = font(13, "600");
  const [left, right] = [a, b].map((k) => N(DATA.scenarios[k].name));
  halo(g, left, x - g.measureText(left).width - 10, P.h - 40, "#0b2533");
  halo(g, right, x + 10, P.h - 40, "#0b2533");
}

const visibleZones = () => zones.filter((zone) => S.layers[`zones-${zone.system}`]);

/** Of these, the ones large enough on this picture to be made out. */
const legibleZones = (P) =>
  visibleZones().filter((zone) => {
    const box = zoneBox(zone);
    return !offPicture(P, box) && (box[2] - box[0]) * P.s >= 8;
  });

function zoneBox(zone) {
  const [west, south, east, north] = zone.box;
  return [mercatorU(west), mercatorV(north), mercatorU(east), mercatorV(south)];
}

function drawZoneFills(g, P) {
  for (const zone of legibleZones(P)) {
    const fill = zoneFill(zone);
    if (!fill) continue;
    g.fillStyle = fill;
    g.beginPath();
    for (const path of zone.paths) trace(g, P, path, true);
    g.fill("evenodd");
  }
}

function drawZoneLines(g, P) {
  for (const zone of legibleZones(P)) {
    const style = zoneStyle(zone);
    if (!style.line) continue;
    g.strokeStyle = style.line;
    g.lineWidth = style.width;
    g.setLineDash(style.dash || []);
    g.beginPath();
    for (const path of zone.paths) trace(g, P, path, true);
    g.stroke();
  }
  g.setLineDash([]);
}

function drawTracks(g, P) {
  g.lineWidth = 0.8;
  g.globalAlpha = tracks.length > 60 ? 0.28 : 0.5;
  for (const kind in TRACK_STYLES) {
    if (!S.layers[kind]) continue;
    g.strokeStyle = TRACK_STYLES[kind].colour;
    g.setLineDash(TRACK_STYLES[kind].dash);
    g.beginPath();
    for (const track of tracks) if (track.kind === kind) trace(g, P, track.path, false);
    g.stroke();
  }
  g.setLineDash([]);
  g.globalAlpha = 1;
  if (!S.found) return;
  g.lineWidth = 2.5;
  g.strokeStyle = "#0060c0";
  g.beginPath();
  for (const track of tracks) if (track.name === S.found) trace(g, P, track.path, false);
  g.stroke();
}

function graticuleStep(P) {
  const pixels = P.s / 360;
  return [0.1, 0.2, 0.5, 1, 2, 5, 10, 20, 30].find((step) => step * pixels > 90) || 30;
}

function drawGraticule(g, P, labels = true) {
  if (!S.layers.graticule) return;
  const step = graticuleStep(P);
  const digits = step < 1 ? 1 : 0;
  const west = (-P.x / P.s) * 360;
  const east = ((P.w - P.x) / P.s) * 360;
  g.strokeStyle = INK.grid;
  g.lineWidth = 0.5;
  g.beginPath();
  const marks = [];
  for (let k = Math.ceil(west / step); k * step <= east; k++) {
    const x = mercatorU(k * step) * P.s + P.x;
    g.moveTo(x, 0);
    g.lineTo(x, P.h);
    marks.push([lonText(Math.round(k * step * 10) / 10, digits), x + 3, 12]);
  }
  for (let k = Math.ceil(-80 / step); k * step <= 80; k++) {
    const y = mercatorV(k * step) * P.s + P.y;
    if (y < 0 || y > P.h) continue;
    g.moveTo(0, y);
    g.lineTo(P.w, y);
    marks.push([latText(Math.round(k * step * 10) / 10, digits), null, y - 3]);
  }
  g.stroke();
  if (!labels) return;
  g.font = font(11);
  for (const [text, x, y] of marks) {
    if (x === null) halo(g, text, P.w - g.measureText(text).width - 6, y, INK.text);
    else if (x < P.w - 60) halo(g, text, x, y, INK.text);
  }
}

const font = (pixels, weight = "") =>
  `${weight} ${pixels}px system-ui, "Segoe UI", "Noto Sans SC", "Noto Sans CJK SC", "PingFang SC", "Microsoft YaHei", sans-serif`;

function halo(g, text, x, y, colour) {
  g.lineJoin = "round";
  g.strokeStyle = "rgba(255,255,255,.85)";
  g.lineWidth = 3;
  g.strokeText(text, x, y);
  g.fillStyle = colour;
  g.fillText(text, x, y);
}

/** Names of zones that are wide enough on the picture, none over another. */
function drawZoneNames(g, P) {
  g.font = font(11);
  const taken = [];
  for (const zone of visibleZones()) {
    const box = zoneBox(zone);
    if (offPicture(P, box) || zone.kind === "approach" || !zone.heart) continue;
    const text = zoneName(zone);
    const width = g.measureText(text).width;
    if ((box[2] - box[0]) * P.s < Math.min(36, width / 2)) continue;
    const x = mercatorU(zone.heart[0]) * P.s + P.x - width / 2;
    const y = mercatorV(zone.heart[1]) * P.s + P.y + 4;
    if (taken.some((t) => x < t[0] + t[2] && t[0] < x + width && Math.abs(y - t[1]) < 14)) continue;
    taken.push([x, y, width]);
    halo(g, text, x, y, "#0b3f57");
  }
}

/** Dots, and names beside them where one of four places is free. */
function drawPorts(g, P, names = true) {
  if (!S.layers.ports || P.s / 360 > 200) return;
  const taken = [];
  const free = ([x, y, w]) =>
    x > 2 && x + w < P.w - 2 && taken.every((t) => x > t[0] + t[2] || t[0] > x + w || Math.abs(y - t[1]) > 16);
  const spots = DATA.ports.map((port) => [mercatorU(port.lon) * P.s + P.x, mercatorV(port.lat) * P.s + P.y, port]);
  for (const [x, y] of spots) taken.push([x - 5, y + 4, 10]);
  for (const [x, y, port] of spots) {
    if (x < -50 || y < -20 || x > P.w + 50 || y > P.h + 20) continue;
    g.beginPath();
    g.arc(x, y, 4.5, 0, 7);
    g.fillStyle = "#fff";
    g.fill();
    g.lineWidth = 2;
    g.strokeStyle = "#12303f";
    g.stroke();
    if (!names) continue;
    g.font = font(13, "600");
    const text = N(port.name);
    const w = g.measureText(text).width;
    const places = [[x + 9, y + 18, w], [x - 9 - w, y + 18, w], [x + 9, y - 10, w], [x - 9 - w, y - 10, w]];
    const place = places.find(free);
    if (!place) continue;
    taken.push(place);
    halo(g, text, place[0], place[1], "#0b2533");
  }
}

function drawSelection(g, P) {
  if (S.sel < 0) return;
  const i = S.sel;
  const x0 = mercatorU(cells.west[i]) * P.s + P.x;
  const x1 = mercatorU(cells.west[i] + cells.size[i]) * P.s + P.x;
  const y0 = mercatorV(cells.south[i] + cells.size[i]) * P.s + P.y;
  const y1 = mercatorV(cells.south[i]) * P.s + P.y;
  const grow = Math.max(0, 5 - (x1 - x0) / 2);
  for (const [width, colour] of [[5, "#fff"], [2.5, "#0060c0"]]) {
    g.lineWidth = width;
    g.strokeStyle = colour;
    g.strokeRect(x0 - grow, y0 - grow, x1 - x0 + 2 * grow, y1 - y0 + 2 * grow);
  }
}

/** The word all over the picture, so that no screenshot can lose it. */
function drawMark(g, P) {
  if (!DATA.simulated && !DATA.planned) return;
  const word = T(DATA.simulated ? "simulated" : "planned");
  g.save();
  g.font = font(20, "600");
  g.textAlign = "center";
  g.fillStyle = "rgba(110,16,16,.22)";
  const wide = Math.min(400, P.w * 0.66);
  const high = Math.min(220, P.h * 0.5);
  for (let row = 0; row * high < P.h + high; row++)
    for (let column = 0; column * wide < P.w + wide; column++) {
      g.save();
      g.translate((column + (row % 2 ? 0.5 : 0)) * wide + wide * 0.3, row * high + high * 0.4);
      g.rotate(-0.3);
      g.fillText(word, 0, 0);
      g.restore();
    }
  g.restore();
}

function drawUnder(g, P) {
  drawLand(g, P);
  drawZoneFills(g, P);
}

function drawOver(g, P, labels = true) {
  drawGraticule(g, P, labels);
  drawCoast(g, P);
  drawTracks(g, P);
  drawZoneLines(g, P);
  if (labels) drawZoneNames(g, P);
  drawPorts(g, P, labels);
  drawMark(g, P);
  drawSelection(g, P);
}

/** Projection of a picture as wide as the bounds; what does not fit in height is cropped in the south. */
function fitWidth(bounds, w, h) {
  const u0 = mercatorU(bounds[0]);
  const s = w / (mercatorU(bounds[2]) - u0);
  return { s, x: -u0 * s, y: -mercatorV(bounds[3]) * s, w, h };
}

/** The whole map on one canvas of w × h pixels; `how` is fit or fitWidth. */
function picture(canvas, bounds, w, h, { labels = true, scale = window.devicePixelRatio || 1, how = fit } = {}) {
  canvas.width = Math.round(w * scale);
  canvas.height = Math.round(h * scale);
  const g = canvas.getContext("2d");
  g.setTransform(scale, 0, 0, scale, 0, 0);
  g.fillStyle = INK.water;
  g.fillRect(0, 0, w, h);
  const P = how(bounds, w, h);
  drawUnder(g, P);
  drawGrids(g, P);
  drawOver(g, P, labels);
  return P;
}
