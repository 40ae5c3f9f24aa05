// The Leaflet map that folium made: our canvases on it, and what the reader does with it.

const map = window.corridorMap;
const CanvasLayer = L.Layer.extend({
  initialize(pane, z, paint) {
    this.pane = pane;
    this.z = z;
    this.paint = paint;
  },
  onAdd(on) {
    const pane = on.createPane(this.pane);
    pane.style.zIndex = this.z;
    pane.style.pointerEvents = "none";
    this.canvas = L.DomUtil.create("canvas", `${this.pane}-canvas`, pane);
    this.canvas.setAttribute("aria-hidden", "true");
    on.on("move moveend zoomend resize viewreset", this.later, this);
    this.draw();
  },
  onRemove(on) {
    on.off("move moveend zoomend resize viewreset", this.later, this);
    this.canvas.remove();
  },
  later() {
    if (this.waiting) return;
    this.waiting = requestAnimationFrame(() => {
      this.waiting = 0;
      this.draw();
    });
  },
  draw() {
    const { x: w, y: h } = map.getSize();
    const scale = window.devicePixelRatio || 1;
    const canvas = this.canvas;
    if (canvas.width !== Math.round(w * scale) || canvas.height !== Math.round(h * scale)) {
      canvas.width = Math.round(w * scale);
      canvas.height = Math.round(h * scale);
      canvas.style.width = `${w}px`;
      canvas.style.height = `${h}px`;
    }
    L.DomUtil.setPosition(canvas, map.containerPointToLayerPoint([0, 0]));
    const g = canvas.getContext("2d");
    g.setTransform(scale, 0, 0, scale, 0, 0);
    g.clearRect(0, 0, w, h);
    this.paint(g, projection());
  },
});

/** The map's present projection for the painters. */
function projection() {
  const { x: w, y: h } = map.getSize();
  const s = 256 * 2 ** map.getZoom();
  const corner = map.getPixelOrigin().add(map.containerPointToLayerPoint([0, 0]));
  // Leaflet counts longitudes from -180.
  return { s, x: s / 2 - corner.x, y: -corner.y, w, h };
}

let layers = [];
const redraw = () => layers.forEach((layer) => layer.draw());

function buildMap() {
  // Folium puts zoom limits on tile layers only; this map has none.
  map.setMinZoom(1);
  map.setMaxZoom(15);
  map.options.maxBoundsViscosity = 0.8;
  map.attributionControl.setPrefix(false);
  L.control.zoom({ position: "topleft", zoomInTitle: T("zoom_in"), zoomOutTitle: T("zoom_out") }).addTo(map);
  L.control.scale({ position: "bottomright", imperial: false, maxWidth: 120 }).addTo(map);
  layers = [
    new CanvasLayer("land", 150, drawUnder),
    new CanvasLayer("grid", 200, drawGrids),
    new CanvasLayer("line", 300, drawOver),
  ];
  layers.forEach((layer) => layer.addTo(map));
  const holder = map.getContainer();
  holder.setAttribute("tabindex", "0");
  holder.setAttribute("role", "application");
  map.on("click", (event) => select(cellAt(event.latlng.lat, event.latlng.lng), false, event.latlng));
  map.on("moveend", () => {
    legend();
    remember();
  });
  // Leaflet hears the window only; a scroll bar or a notebook's frame changes the map alone.
  // On paper the map gives way to a picture of it, and has no size to learn from.
  new ResizeObserver(() => holder.offsetWidth && map.invalidateSize({ animate: false })).observe(holder);
  map.on("mousemove", hover);
  map.on("mouseout", () => ($("tip").hidden = true));
  holder.addEventListener("keydown", (event) => {
    if (event.key !== "Enter" || event.target !== holder) return;
    const centre = map.getCenter();
    select(cellAt(centre.lat, centre.lng), false, centre);
  });
}

/** Density and place under the pointer. */
function hover(event) {
  const tip = $("tip");
  const { lat, lng } = event.latlng;
  const i = cellAt(lat, lng);
  const place = placeName(lat, lng);
  const lines = [];
  if (place) lines.push(place);
  if (i >= 0) lines.push(`${density(shownDensity(i))} ${densityUnit()}`);
  tip.hidden = !lines.length;
  if (!lines.length) return;
  tip.replaceChildren(...lines.map((line) => make("div", line)));
  const { x, y } = event.containerPoint;
  const width = map.getSize().x;
  tip.style.left = `${Math.min(x + 14, width - tip.offsetWidth - 4)}px`;
  tip.style.top = `${y + 14}px`;
}

function shownMass(i) {
  const { mode, a, b } = comparison();
  const now = cellMass(i, mode === "swipe" ? a : b);
  return mode === "diff" ? now - cellMass(i, a) : now;
}
const shownDensity = (i) => shownMass(i) / cells.area[i];

const leafletBounds = ([west, south, east, north]) => [[south, west], [north, east]];

/** Fit bounds into the part of the map that the legend leaves free. */
function goTo(bounds) {
  const { x: w, y: h } = map.getSize();
  const box = document.querySelector(".legend").getBoundingClientRect();
  const wide = (bounds[2] - bounds[0]) / (bounds[3] - bounds[1]) > 2.2 || w < 600;
  const room = wide ? [Math.min(box.height + 24, h * 0.5), 0] : [0, Math.min(box.width + 20, w * 0.4)];
  map.fitBounds(leafletBounds(bounds), { animate: false, paddingTopLeft: [room[1] + 4, 56], paddingBottomRight: [12, room[0]] });
}

function select(i, fly, at) {
  S.sel = i;
  if (i >= 0 && fly) {
    const size = cells.size[i];
    const centre = [cells.south[i] + size / 2, cells.west[i] + size / 2];
    map.setView(centre, Math.max(map.getZoom(), size < 0.05 ? 11 : 7), { animate: false });
  }
  layers[2].draw();
  cellPanel(at);
  remember();
}

/** Tiles, only in a page built with an address for them, only after a click, gone when they fail. */
let tiles = null;
function basemap(button) {
  if (tiles) {
    tiles.remove();
    tiles = null;
    button.textContent = T("basemap_on");
    return;
  }
  let failures = 0;
  tiles = L.tileLayer(DATA.basemap.url, { attribution: "", maxZoom: 19 });
  tiles.on("tileerror", () => {
    failures += 1;
    if (failures < 3 || !tiles) return;
    basemap(button);
    $("status").textContent = T("basemap_failed");
  });
  tiles.addTo(map);
  button.textContent = T("basemap_off");
}

/** West, south, east, north of what is seen. */
function seen() {
  const view = map.getBounds();
  return [view.getWest(), view.getSouth(), view.getEast(), view.getNorth()];
}

/** Height of a picture `w` wide that shows what is seen, at most `most` of its width. */
function seenHeight(w, most) {
  const { x, y } = map.getSize();
  return Math.round(w * Math.min(most, y / Math.max(x, 1)));
}
