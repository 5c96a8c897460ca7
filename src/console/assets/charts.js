// Draws every chart of a page from the table that says the same in numbers. uPlot (uplot.js) is loaded before.
const HEIGHT = 200;
/** Nobody makes half a call. */
const WHOLE = [1, 2, 5]
  .flatMap((step) => Array.from({ length: 9 }, (_, power) => step * 10 ** power))
  .sort((a, b) => a - b);
const charts = [...document.querySelectorAll("[data-chart]")].map((place) => ({ place, plot: undefined }));

for (const chart of charts) draw(chart);
matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => {
  for (const chart of charts) draw(chart);
});
new ResizeObserver((entries) => {
  for (const { target } of entries) {
    const plot = charts.find(({ place }) => place === target)?.plot;
    if (plot !== undefined && plot.width !== target.clientWidth)
      plot.setSize({ width: target.clientWidth, height: HEIGHT });
  }
}).observe(document.querySelector("[data-chart]") ?? document.body);

function draw(chart) {
  const { place } = chart;
  const { times, series } = read(document.getElementById(place.dataset.table));
  chart.plot?.destroy();
  place.hidden = false;
  place.setAttribute("role", "img");
  place.setAttribute("aria-label", place.dataset.label);
  const stacked = place.dataset.chart === "stack";
  const heights = stacked ? stack(series) : series.map(({ values }) => values);
  // What is on top of a stack is drawn first, and covered from below.
  const order = series.map((_, index) => (stacked ? series.length - 1 - index : index));
  const options = {
    width: place.clientWidth,
    height: HEIGHT,
    tzDate: (seconds) => uPlot.tzDate(new Date(seconds * 1000), "Etc/UTC"),
    scales: { y: { range: (_plot, _min, max) => [0, max > 0 ? max * 1.08 : 1] } },
    axes: [
      axis({}),
      axis({
        size: 62,
        ...(place.dataset.unit === "calls" ? { incrs: WHOLE } : {}),
        values: (_plot, ticks) => ticks.map((tick) => textOf(tick, place.dataset.unit)),
      }),
    ],
    cursor: { drag: { x: false, y: false } },
    series: [
      {
        label: "From (UTC)",
        value: (_plot, at) => (at === null ? "–" : new Date(at * 1000).toISOString().slice(0, 16).replace("T", " ")),
      },
      ...order.map((index) => look(series[index], stacked, place.dataset.unit)),
    ],
  };
  chart.plot = new uPlot(options, [times, ...order.map((index) => heights[index])], place);
}

function read(table) {
  const heads = [...table.tHead.rows[0].cells].slice(1);
  const rows = [...table.tBodies[0].rows];
  const times = rows.map((row) => Date.parse(row.querySelector("time").dateTime) / 1000);
  const series = heads.map((head, index) => ({
    title: head.textContent,
    colour: colour(head.dataset.colour),
    dashed: head.dataset.dashed !== undefined,
    values: rows.map((row) => {
      const data = row.cells[index + 1].querySelector("data");
      return data === null ? null : Number(data.value);
    }),
  }));
  return { times, series };
}

function stack(series) {
  const sums = [];
  return series.map(({ values }) =>
    values.map((value, at) => {
      sums[at] = (sums[at] ?? 0) + (value ?? 0);
      return sums[at];
    }),
  );
}

function look({ title, colour: stroke, dashed, values }, stacked, unit) {
  // A stack is drawn by its heights; what is told is each part.
  const value = (_plot, _height, _series, at) => (at === null || values[at] === null ? "–" : textOf(values[at], unit));
  if (stacked)
    return {
      label: title,
      value,
      stroke,
      fill: stroke,
      width: 0,
      paths: uPlot.paths.bars({ size: [0.8, 40] }),
      points: { show: false },
    };
  return {
    label: title,
    value,
    stroke,
    width: 2,
    spanGaps: true,
    points: { show: true, size: 5 },
    ...(dashed ? { dash: [6, 4] } : {}),
  };
}

function axis(more) {
  const stroke = colour("soft");
  return { stroke, grid: { stroke: colour("line"), width: 1 }, ticks: { stroke: colour("line"), width: 1 }, ...more };
}

function colour(name) {
  return getComputedStyle(document.documentElement).getPropertyValue(`--${name}`).trim();
}

function textOf(value, unit) {
  if (unit !== "ms") return Math.round(value).toLocaleString("en-US");
  if (value === 0) return "0";
  if (value < 1_000) return `${value < 10 ? value.toFixed(1) : Math.round(value)} ms`;
  if (value < 60_000) return `${(value / 1_000).toFixed(1)} s`;
  return value < 3_600_000 ? `${Math.round(value / 60_000)} min` : `${(value / 3_600_000).toFixed(1)} h`;
}
