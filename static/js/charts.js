// Draws each <figure data-chart> from the table it names; the table stays the truth, this is only its picture.
(() => {
  "use strict";

  const root = document.documentElement;
  const still = matchMedia("(prefers-reduced-motion: reduce)");
  const dark = matchMedia("(prefers-color-scheme: dark)");
  const token = (name) => getComputedStyle(root).getPropertyValue(`--${name}`).trim();
  const px = (rem) => rem * parseFloat(getComputedStyle(root).fontSize);

  /** { rows: [{key, label}], series: [{key, label, values}] } from the table; a missing value is null.
      draws: names of the columns that are drawn; all that have a name, when it is empty. */
  function read(table, draws) {
    const heads = [...table.querySelectorAll("thead [data-series]")].filter((head) => !draws || draws.split(" ").includes(head.dataset.series));
    const lines = [...table.tBodies].flatMap((body) => [...body.rows]).filter((row) => row.querySelector("[data-value]"));
    const rows = lines.map((row) => {
      const head = row.querySelector("th");
      return { key: head.dataset.key || head.textContent.trim(), label: head.dataset.label || head.textContent.trim() };
    });
    const series = heads.map((head) => ({
      key: head.dataset.series,
      label: head.dataset.seriesLabel || head.textContent.trim(),
      values: lines.map((row) => {
        const cell = row.querySelector(`td[data-series="${CSS.escape(head.dataset.series)}"]`);
        return cell && cell.dataset.value ? Number(cell.dataset.value) : null;
      }),
    }));
    return { rows, series };
  }

  function palette() {
    return {
      ink: token("ink"), muted: token("muted"), line: token("line"), paper: token("paper"),
      red: token("red-text"), greys: [token("grey-1"), token("grey-2"), token("grey-3"), token("grey-4")],
    };
  }

  const shown = (figure, value) => {
    if (value === null || value === undefined) return "";
    return "percent" in figure.dataset ? `${(value * 100).toFixed(2)}%` : value.toLocaleString("en-US");
  };

  const base = (colours) => ({
    animation: !still.matches,
    animationDuration: 400,
    aria: { enabled: false },
    textStyle: { color: colours.ink, fontFamily: getComputedStyle(document.body).fontFamily, fontSize: px(0.875) },
  });
  const categoryAxis = (colours, labels) => ({
    type: "category", data: labels, axisTick: { show: false }, axisLine: { lineStyle: { color: colours.line } },
    axisLabel: { color: colours.ink, fontSize: px(0.875) },
  });
  const valueAxis = (figure) => ({
    type: "value", min: Number(figure.dataset.min) || 0, max: figure.dataset.max ? Number(figure.dataset.max) : undefined,
    show: false, splitLine: { show: false },
  });

  // Between two fixed ends the steps are even; otherwise the axis finds its own.
  const step = ({ dataset }) => dataset.max ? (Number(dataset.max) - (Number(dataset.min) || 0)) / 5 : undefined;

  function bars(figure, { rows, series }, colours) {
    const meant = figure.dataset.highlight;
    const thickness = series.length > 1 ? px(0.875) : px(1.25);
    const grid = { left: 0, right: px(4), top: 0, bottom: 0, containLabel: true };
    return {
      height: rows.length * (series.length * thickness * 1.25 + px(1)) + px(0.5),
      key: series.length > 1 ? series.map((one, i) => [one.label, one.key === meant ? colours.red : colours.greys[i % 4]]) : [],
      option: {
        ...base(colours), grid,
        yAxis: { ...categoryAxis(colours, rows.map((row) => row.label)), inverse: true },
        xAxis: valueAxis(figure),
        series: series.map((one, i) => ({
          type: "bar", name: one.label, barWidth: thickness, barGap: "25%",
          data: one.values.map((value, at) => ({
            value,
            itemStyle: {
              color: one.key === meant || rows[at].key === meant ? colours.red : colours.greys[series.length > 1 ? i % 4 : 1],
              borderRadius: [0, 2, 2, 0],
            },
            label: { fontWeight: one.key === meant || rows[at].key === meant ? 600 : 400 },
          })),
          label: { show: true, position: "right", color: colours.ink, fontSize: px(0.875), formatter: (at) => shown(figure, at.value) },
        })),
      },
    };
  }

  function stacked(figure, { rows, series }, colours) {
    const meant = figure.dataset.highlight;
    let grey = 0;
    const colour = series.map((one) => one.key === meant ? colours.red : colours.greys[grey++ % 4]);
    const totals = rows.map((_, at) => series.reduce((sum, one) => sum + (one.values[at] || 0), 0));
    const part = series.find((one) => one.key === meant);
    const tell = (at) => part ? `{meant|${shown(figure, part.values[at])}} / ${shown(figure, totals[at])}` : shown(figure, totals[at]);
    return {
      height: rows.length * px(2.75) + px(0.5),
      key: series.map((one, i) => [one.label, colour[i]]),
      option: {
        ...base(colours), grid: { left: 0, right: px(6), top: 0, bottom: 0, containLabel: true },
        yAxis: { ...categoryAxis(colours, rows.map((row) => row.label)), inverse: true },
        xAxis: valueAxis(figure),
        series: series.map((one, i) => ({
          type: "bar", stack: "all", name: one.label, barWidth: px(1.375), data: one.values,
          itemStyle: { color: colour[i], borderColor: colours.paper, borderWidth: 1 },
          label: {
            show: i === series.length - 1, position: "right", color: colours.ink, fontSize: px(0.875),
            formatter: (at) => tell(at.dataIndex), rich: { meant: { color: colours.red, fontWeight: 600, fontSize: px(0.875) } },
          },
        })),
      },
    };
  }

  function lines(figure, { rows, series }, colours) {
    const meant = figure.dataset.highlight || (series.length === 1 ? series[0].key : "");
    let grey = 0;
    // A line that stands alone is named by the chart's title.
    const named = (one, value) => series.length === 1 ? shown(figure, value) : `${one.label} ${shown(figure, value)}`;
    const longest = Math.max(...series.map((one) => named(one, Math.max(...one.values)).length));
    const labelWidth = longest * px(series.length === 1 ? 0.6 : 0.875) + px(1);
    return {
      height: px(16),
      key: [],
      option: {
        ...base(colours), grid: { left: px(0.5), right: labelWidth, top: px(1.5), bottom: 0, containLabel: true },
        xAxis: { ...categoryAxis(colours, rows.map((row) => row.label)), boundaryGap: false },
        yAxis: {
          ...valueAxis(figure), show: true, splitNumber: 3, interval: step(figure), splitLine: { show: true, lineStyle: { color: colours.line } },
          axisLabel: { color: colours.muted, fontSize: px(0.875), formatter: (value) => shown(figure, value).replace(/\.?0+%$/, "%") },
        },
        series: series.map((one) => {
          const colour = one.key === meant ? colours.red : colours.greys[grey++ % 4];
          const last = one.values.reduce((found, value, at) => value === null ? found : at, 0);
          return {
            type: "line", name: one.label, z: one.key === meant ? 3 : 2, showSymbol: true, symbol: "circle",
            symbolSize: (_, at) => at.dataIndex === last ? 8 : 0.01,
            lineStyle: { color: colour, width: one.key === meant ? 3 : 2 }, itemStyle: { color: colour },
            data: one.values,
            endLabel: {
              show: true, distance: 8, color: one.key === meant ? colours.red : colours.muted, fontSize: px(0.875),
              formatter: (at) => named(one, at.value),
            },
            labelLayout: { moveOverlap: "shiftY" },
          };
        }),
      },
    };
  }

  const channels = (text) => [0, 1, 2].map((at) => parseInt(text.slice(1 + at * 2, 3 + at * 2), 16));

  /** The colour at a share of the way between two, with the one of two inks that reads best on it. */
  function shade(from, to, share, inks) {
    const [low, high] = [channels(from), channels(to)];
    const mixed = low.map((value, at) => Math.round(value + (high[at] - value) * share));
    const light = ([r, g, b]) => 0.299 * r + 0.587 * g + 0.114 * b;
    const ink = inks.reduce((best, one) =>
      Math.abs(light(channels(one)) - light(mixed)) > Math.abs(light(channels(best)) - light(mixed)) ? one : best);
    return { fill: `rgb(${mixed.join(",")})`, ink };
  }

  function heat(figure, { rows, series }, colours) {
    const top = Number(figure.dataset.max) || Math.max(1e-9, ...series.flatMap((one) => one.values));
    const cell = px(2.25);
    const to = figure.dataset.highlight ? colours.red : colours.greys[0];
    const points = series.flatMap((one, x) => one.values.map((value, y) => {
      if (value === null) return { value: [x, y, value], itemStyle: { color: "transparent", borderColor: colours.line, borderWidth: 1 } };
      const { fill, ink } = shade(colours.greys[3], to, Math.min(1, value / top), [colours.ink, colours.paper]);
      return { value: [x, y, value], itemStyle: { color: fill }, label: { color: ink } };
    }));
    const axis = { type: "category", axisTick: { show: false }, axisLine: { show: false }, splitLine: { show: false } };
    return {
      height: rows.length * (cell + 4) + px(2),
      key: [],
      option: {
        ...base(colours), grid: { left: 0, right: 0, top: 0, bottom: 0, containLabel: true },
        xAxis: { ...axis, data: series.map((one) => one.label), position: "top", axisLabel: { color: colours.muted, interval: 0, fontSize: px(0.875) } },
        yAxis: { ...axis, data: rows.map((row) => row.label), inverse: true, axisLabel: { color: colours.ink, fontSize: px(0.875) } },
        series: [{
          type: "scatter", symbol: "rect", data: points,
          symbolSize: () => [Math.max(8, figure.dataset.cellWidth || cell), cell],
          label: { show: true, fontSize: px(0.8), formatter: (at) => shown(figure, at.value[2]) },
        }],
      },
    };
  }

  const KINDS = { bar: bars, stacked, line: lines, heat };

  function key(box, entries) {
    box.replaceChildren(...entries.map(([label, colour]) => {
      const entry = document.createElement("span");
      const svg = document.createElementNS("http://www.w3.org/2000/svg", "svg");
      const square = document.createElementNS("http://www.w3.org/2000/svg", "rect");
      for (const [name, value] of [["width", 10], ["height", 10], ["rx", 2], ["fill", colour]]) square.setAttribute(name, value);
      svg.append(square);
      entry.append(svg, label);
      return entry;
    }));
    box.hidden = entries.length === 0;
  }

  function draw(figure) {
    const table = document.getElementById(figure.dataset.table);
    const canvas = figure.querySelector("[data-chart-canvas]");
    if (!table || !window.echarts || !KINDS[figure.dataset.chart]) return;
    const data = read(table, figure.dataset.draws);
    const cellWidth = Math.floor((figure.parentElement.clientWidth - px(8)) / Math.max(1, data.series.length)) - 4;
    // On a phone the cells of a heat map are too small to read; the table scrolls instead.
    figure.hidden = !data.rows.length || (figure.dataset.chart === "heat" && cellWidth < px(1.5));
    if (figure.hidden) return;
    figure.dataset.cellWidth = cellWidth;
    const { height, option, key: entries } = KINDS[figure.dataset.chart](figure, data, palette());
    key(figure.querySelector("[data-chart-key]"), entries);
    canvas.style.height = `${Math.round(height)}px`;
    const chart = window.echarts.getInstanceByDom(canvas) || window.echarts.init(canvas, null, { locale: root.lang.startsWith("zh") ? "ZH" : "EN" });
    chart.resize();
    chart.setOption(option, true);
  }

  // Asked for anew each time: parts of a page arrive later.
  const redraw = () => document.querySelectorAll("figure[data-chart]").forEach(draw);
  redraw();
  let waiting = 0;
  window.addEventListener("resize", () => { clearTimeout(waiting); waiting = setTimeout(redraw, 120); });
  for (const query of [dark, still]) query.addEventListener("change", redraw);
  document.addEventListener("htmx:afterSettle", redraw);
})();
