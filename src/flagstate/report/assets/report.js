(function () {
  "use strict";
  var root = document.documentElement;
  var data = JSON.parse(document.getElementById("data").textContent);
  var NS = "http://www.w3.org/2000/svg";
  var STEP = 100;
  root.classList.add("js");

  function el(tag, className, text) {
    var made = document.createElement(tag);
    if (className) made.className = className;
    if (text !== undefined && text !== null) made.textContent = text;
    return made;
  }
  function svg(tag, attributes, parent) {
    var made = document.createElementNS(NS, tag);
    for (var name in attributes) made.setAttribute(name, attributes[name]);
    if (parent) parent.appendChild(made);
    return made;
  }
  function fill(text, values) {
    return text.replace(/\{(\w+)\}/g, function (_, name) { return values[name]; });
  }

  /* Figures, written as the server side writes them. */
  var thousands = data.lang === "fr" ? "\u202f" : ",";
  var units = data.lang === "fr" ? ["o", "ko", "Mo", "Go", "To", "Po"] : ["B", "kB", "MB", "GB", "TB", "PB"];
  function count(n) {
    return n === null ? "–" : String(n).replace(/\B(?=(\d{3})+(?!\d))/g, thousands);
  }
  function size(n) {
    if (n === null) return "–";
    var unit = 0;
    while (n >= 999.5 && unit < units.length - 1) { n /= 1000; unit++; }
    var text = n.toFixed(unit === 0 || n >= 99.95 ? 0 : n >= 9.995 ? 1 : 2);
    return (data.lang === "fr" ? text.replace(".", ",") : text) + " " + units[unit];
  }

  /* Pages: the address says which one is shown; without script all of them are. */
  var pages = Array.prototype.slice.call(document.querySelectorAll(".page"));
  var links = Array.prototype.slice.call(document.querySelectorAll(".tabs a"));
  /* The ids move away, so that the browser itself does not jump to a page that is about to be shown. */
  pages.forEach(function (page) { page.dataset.page = page.id; page.id = "page-" + page.id; });
  /* What is folded or filtered away is brought back before somebody is led to it. */
  function reveal(inner) {
    var all = document.getElementById("claims-all");
    if (all && !inner.getClientRects().length) all.checked = true;
    for (var at = inner; at; at = at.parentElement) if (at.tagName === "DETAILS") at.open = true;
  }
  function show(first) {
    var wanted = location.hash.slice(1);
    var inner = document.getElementById(wanted);
    var current = pages.filter(function (page) {
      return page.dataset.page === wanted || (inner && page.contains(inner));
    })[0] || pages[0];
    pages.forEach(function (page) { page.classList.toggle("on", page === current); });
    links.forEach(function (link) {
      if (link.hash === "#" + current.dataset.page) link.setAttribute("aria-current", "page");
      else link.removeAttribute("aria-current");
    });
    if (current.dataset.page === "flows") drawMap();
    if (inner && current.contains(inner)) {
      reveal(inner);
      inner.scrollIntoView();
      return;
    }
    window.scrollTo(0, 0);
    if (!first) document.getElementById("main").focus({ preventScroll: true });
  }
  window.addEventListener("hashchange", function () { show(false); });
  window.addEventListener("beforeprint", function () { drawMap(); });

  /* Tables: sort and filter all rows that the page holds, show a hundred at a time. */
  function cell(kind, value) {
    var td = el("td", kind === "bytes" || kind === "count" ? "num" : kind === "chip" ? "" : kind);
    if (kind === "two" || kind === "span") {
      td.appendChild(el("span", "main", value[0]));
      if (value[1]) td.appendChild(el("span", "sub", value[1]));
    } else if (kind === "chip") {
      td.appendChild(el("span", "chip c-" + value[0], value[1]));
    } else if (kind === "country") {
      if (value) {
        var code = el("abbr", "", value);
        code.title = data.countries[value] || value;
        td.appendChild(code);
      } else td.appendChild(el("span", "nil", "–"));
    } else td.textContent = kind === "bytes" ? size(value) : kind === "count" ? count(value) : value;
    return td;
  }
  function asText(kind, value) {
    if (value === null) return "";
    if (kind === "chip") return value[1];
    if (kind === "two" || kind === "span") return value[0] + " " + value[1];
    return kind === "country" && value ? value + " " + (data.countries[value] || "") : String(value);
  }
  var grids = {};
  function startGrid(box) {
    var own = data.grids[box.dataset.grid];
    if (!own) return;
    var body = box.querySelector("tbody"), foot = box.querySelector(".grid-foot");
    var input = box.querySelector("input"), said = box.querySelector(".grid-count");
    var heads = Array.prototype.slice.call(box.querySelectorAll("thead tr:last-child th"));
    var texts = null, order = own.rows.map(function (_, at) { return at; }), shown = order, drawn = 0;
    if (own.rows.length < 8) box.classList.add("few");
    var host = own.kinds.indexOf("country"), sorted = -1, falling = false;

    function more() {
      var part = document.createDocumentFragment();
      shown.slice(drawn, drawn + STEP).forEach(function (at) {
        var tr = document.createElement("tr");
        own.rows[at].forEach(function (value, i) { tr.appendChild(cell(own.kinds[i], value)); });
        part.appendChild(tr);
      });
      drawn = Math.min(drawn + STEP, shown.length);
      body.appendChild(part);
      foot.textContent = "";
      if (drawn < shown.length) {
        var button = el("button", "", fill(data.words.more_rows, { n: count(Math.min(STEP, shown.length - drawn)) }));
        button.type = "button";
        button.addEventListener("click", more);
        foot.appendChild(button);
      } else if (!shown.length) foot.appendChild(el("p", "empty", data.words.no_match));
      said.textContent = fill(data.words.rows_of, { n: count(shown.length), total: count(own.total) });
    }
    function draw() {
      var wanted = input.value.trim().toLowerCase().split(/\s+/).filter(Boolean);
      if (wanted.length && !texts) {
        texts = own.rows.map(function (row) {
          return row.map(function (value, i) { return asText(own.kinds[i], value); }).join(" ").toLowerCase();
        });
      }
      shown = wanted.length ? order.filter(function (at) {
        return wanted.every(function (word) {
          /* host:XX asks for the first country column alone, as the map's dots do. */
          if (host >= 0 && /^host:[a-z]{2}$/.test(word)) return own.rows[at][host] === word.slice(5).toUpperCase();
          return texts[at].indexOf(word) >= 0;
        });
      }) : order;
      drawn = 0;
      body.textContent = "";
      more();
    }
    function sort(column) {
      var kind = own.kinds[column], numeric = kind === "bytes" || kind === "count";
      falling = sorted === column ? !falling : numeric;
      sorted = column;
      var keys = own.rows.map(function (row) {
        return numeric ? row[column] : asText(kind, row[column]).toLowerCase();
      });
      order = keys.map(function (_, at) { return at; }).sort(function (a, b) {
        var x = keys[a], y = keys[b];
        if (x === null || y === null || x === "" || y === "") {
          return (x === null || x === "" ? 1 : 0) - (y === null || y === "" ? 1 : 0) || a - b;
        }
        return (x < y ? -1 : x > y ? 1 : 0) * (falling ? -1 : 1) || a - b;
      });
      heads.forEach(function (head, i) {
        if (i === column) head.setAttribute("aria-sort", falling ? "descending" : "ascending");
        else head.removeAttribute("aria-sort");
      });
      draw();
    }
    heads.forEach(function (head, i) {
      head.querySelector("button").addEventListener("click", function () { sort(i); });
    });
    var waiting = 0;
    input.addEventListener("input", function () { clearTimeout(waiting); waiting = setTimeout(draw, 120); });
    grids[box.dataset.grid] = function (text) { input.value = text; draw(); box.scrollIntoView({ block: "start" }); };
    draw();
  }

  /* The map: a dot per country of the host; an arc from home where home was declared. */
  var mapDone = false;
  function drawMap() {
    var frame = document.getElementById("map");
    if (mapDone || !frame) return;
    mapDone = true;
    var W = 960, H = 446, world = JSON.parse(document.getElementById("world").textContent);
    var countries = topojson.feature(world, world.objects.countries).features;
    var projection = d3.geoEqualEarth().rotate([-11, 0]);
    projection.fitExtent([[-6, 2], [W + 6, H + 40]], { type: "Sphere" });
    var path = d3.geoPath(projection).digits(1);
    var at = {};
    data.map.countries.forEach(function (row) { at[row.country] = row; });
    frame.setAttribute("viewBox", "0 0 " + W + " " + H);
    svg("path", { "class": "sphere", d: path({ type: "Sphere" }) }, frame);
    svg("path", { "class": "grat", d: path(d3.geoGraticule().step([30, 30])()) }, frame);
    countries.forEach(function (shape) {
      if (shape.id === "AQ") return;
      svg("path", { "class": at[shape.id] ? "land on" : "land", d: path(shape) }, frame);
    });
    var most = Math.max.apply(null, data.map.countries.map(function (row) { return row.sent; }).concat([1]));
    var spots = [];
    if (data.map.home) {
      data.map.countries.forEach(function (row) {
        var line = path({ type: "LineString", coordinates: [data.map.home, row.at] });
        if (!line) return;
        var width = row.state === "sent" ? 0.8 + 3.2 * Math.sqrt(row.sent / most) : 1;
        svg("path", { "class": "arc a-" + row.state, d: line, "stroke-width": width.toFixed(2) }, frame);
      });
    }
    data.map.countries.forEach(function (row) {
      var point = projection(row.at), name = data.countries[row.country] || row.country;
      var said = row.state === "sent" ? fill(data.words.sent, { size: size(row.sent) }) : data.words[row.state];
      var label = name + ": " + said + ", " + fill(data.words.destinations, { n: count(row.destinations) }) + ", " +
        fill(data.words.conns, { n: count(row.conns) });
      var group = svg("g", { "class": "spot", tabindex: "0", role: "button", "aria-label": label }, frame);
      svg("title", {}, group).textContent = label;
      var radius = row.state === "sent" ? 3.5 + 16 * Math.sqrt(row.sent / most) : 4.5;
      var circle = svg("circle", { "class": "dot d-" + row.state, cx: point[0], cy: point[1], r: radius }, group);
      function pick() { if (grids.flow) grids.flow("host:" + row.country); }
      group.addEventListener("click", pick);
      group.addEventListener("keydown", function (event) {
        if (event.key === "Enter" || event.key === " ") { event.preventDefault(); pick(); }
      });
      spots.push({ x: point[0], y: point[1], r: radius, circle: circle, code: row.country });
    });
    if (data.map.home) {
      var home = projection(data.map.home);
      spots.push({ x: home[0], y: home[1], r: 2.6, circle: svg("circle", { "class": "home", cx: home[0], cy: home[1], r: 2.6 }, frame) });
    }
    var tags = svg("g", {}, frame);
    var view = { x: 0, y: 0, k: 1 };
    function place() {
      var w = W / view.k, h = H / view.k, taken = [], shrunk = Math.max(1, 0.7 * W / (frame.clientWidth || W));
      view.x = Math.max(0, Math.min(W - w, view.x));
      view.y = Math.max(0, Math.min(H - h, view.y));
      frame.setAttribute("viewBox", [view.x, view.y, w, h].map(function (n) { return n.toFixed(2); }).join(" "));
      frame.classList.toggle("grab", view.k > 1);
      tags.textContent = "";
      spots.forEach(function (spot) {
        var r = spot.r / view.k, unit = 11 * shrunk / view.k;
        spot.circle.setAttribute("r", r.toFixed(2));
        if (!spot.code) return;
        var box = [spot.x + r + unit * 0.2, spot.y - unit * 0.6, spot.x + r + unit * 1.9, spot.y + unit * 0.6];
        var free = taken.every(function (o) { return box[0] > o[2] || box[2] < o[0] || box[1] > o[3] || box[3] < o[1]; });
        if (!free) return;
        taken.push(box);
        svg("text", { "class": "tag", x: box[0].toFixed(2), y: (spot.y + unit * 0.36).toFixed(2), "font-size": unit.toFixed(2), "stroke-width": (unit * 0.28).toFixed(2) }, tags).textContent = spot.code;
      });
    }
    function zoom(factor) {
      var cx = view.x + W / view.k / 2, cy = view.y + H / view.k / 2;
      if (view.k === 1 && factor > 1 && spots.length) { cx = spots[0].x; cy = spots[0].y; }
      view.k = Math.max(1, Math.min(12, view.k * factor));
      view.x = cx - W / view.k / 2;
      view.y = cy - H / view.k / 2;
      place();
    }
    Array.prototype.forEach.call(document.querySelectorAll("[data-zoom]"), function (button) {
      button.addEventListener("click", function () {
        if (button.dataset.zoom === "reset") { view.k = 1; place(); } else zoom(button.dataset.zoom === "in" ? 1.8 : 1 / 1.8);
      });
    });
    var held = null;
    frame.addEventListener("pointerdown", function (event) { if (view.k > 1) held = { x: event.clientX, y: event.clientY, vx: view.x, vy: view.y }; });
    window.addEventListener("pointerup", function () { held = null; });
    window.addEventListener("pointermove", function (event) {
      if (!held) return;
      var scale = W / view.k / frame.clientWidth;
      view.x = held.vx - (event.clientX - held.x) * scale;
      view.y = held.vy - (event.clientY - held.y) * scale;
      place();
    });
    place();
  }

  Array.prototype.forEach.call(document.querySelectorAll(".grid"), startGrid);
  show(true);
}());
