// Owns static/vendor and static/icons.svg: copies the few browser files we serve, and the font that
// printed sheets are set in, out of node_modules.
//
//   npm ci --ignore-scripts && node scripts/vendor.mjs     write the files
//   npm ci --ignore-scripts && node scripts/vendor.mjs --check   compare them with what the lock gives
//
// What only tests use goes into tests/vendor in the same way.
// Paths carry the version, so a new version is a new address. No Node is needed at run time.

import { createHash } from "node:crypto";
import { existsSync, mkdirSync, readFileSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join, relative, sep } from "node:path";
import { fileURLToPath } from "node:url";

const root = join(dirname(fileURLToPath(import.meta.url)), "..");
const lock = JSON.parse(readFileSync(join(root, "package-lock.json"), "utf8"));

// [file in the package, name under static/vendor/<package>-<version>/]; `folder` stands for <package>.
const LIBRARIES = {
  "htmx.org": {
    licence: "0BSD",
    files: [["dist/htmx.min.js", "htmx.min.js"], ["LICENSE", "LICENSE"]],
  },
  echarts: {
    licence: "Apache-2.0",
    files: [
      ["dist/echarts.common.min.js", "echarts.common.min.js"],
      ["i18n/langZH.js", "langZH.js"],
      ["LICENSE", "LICENSE"],
      ["NOTICE", "NOTICE"],
      ["licenses/LICENSE-d3", "LICENSE-d3"],
    ],
  },
  "zxing-wasm": {
    licence: "MIT",
    contains: "zxing-cpp (Apache-2.0), compiled to WebAssembly",
    files: [
      ["dist/iife/reader/index.js", "zxing-reader.js"],
      ["dist/reader/zxing_reader.wasm", "zxing_reader.wasm"],
      ["LICENSE", "LICENSE"],
    ],
  },
  "bootstrap-icons": { licence: "MIT", files: [["LICENSE", "LICENSE"]] },
  // Read by app/core/pdf.py; no page asks for it.
  "@expo-google-fonts/noto-sans-sc": {
    folder: "noto-sans-sc",
    licence: "OFL-1.1",
    contains: "Noto Sans SC Regular 2.004 as a static TTF, made by Google Fonts from Adobe's Source Han Sans",
    files: [
      ["400Regular/NotoSansSC_400Regular.ttf", "NotoSansSC-Regular.ttf"],
      ["LICENSE_FONT", "LICENSE"],
    ],
  },
};

// Checks pages in the browser tests; never served. Kept as it is published, with its licence (MPL-2.0).
const CHECKER = { name: "axe-core", files: ["axe.min.js", "LICENSE", "LICENSE-3RD-PARTY.txt"] };

// Only these icons reach the sprite. Add a name here before a template uses it.
const ICONS = `
  arrow-clockwise arrow-counterclockwise arrow-left arrow-right arrow-up-right
  bar-chart bell book box-arrow-right brightness-high building bullseye
  calendar3 calendar-check calendar-event camera card-checklist check-circle check-lg
  chevron-down chevron-left chevron-right clipboard-check clock clock-history
  diagram-3 display download easel envelope exclamation-circle exclamation-triangle
  eye file-earmark-excel file-earmark-text file-earmark-word filter flag fullscreen
  gear geo-alt globe2 grid house house-heart inbox info-circle journal-text
  key list-check lock megaphone moon mortarboard pencil people person person-badge
  person-check person-circle person-exclamation person-plus person-vcard phone plus-lg printer
  qr-code qr-code-scan question-circle search shield-lock signpost-split sliders
  table telephone three-dots trash translate type unlock upload x-lg
`.trim().split(/\s+/);

const sha256 = (bytes) => createHash("sha256").update(bytes).digest("hex");

function installed(name) {
  const wanted = lock.packages[`node_modules/${name}`]?.version;
  const folder = join(root, "node_modules", name);
  if (!existsSync(folder)) throw new Error(`${name} is not installed; run: npm ci --ignore-scripts`);
  const found = JSON.parse(readFileSync(join(folder, "package.json"), "utf8")).version;
  if (found !== wanted) throw new Error(`${name}: installed ${found}, locked ${wanted}; run: npm ci --ignore-scripts`);
  return { folder, version: found };
}

function sprite() {
  const { folder, version } = installed("bootstrap-icons");
  const symbols = ICONS.map((name) => {
    const svg = readFileSync(join(folder, "icons", `${name}.svg`), "utf8");
    const [, body] = svg.match(/<svg[^>]*>([\s\S]*)<\/svg>/);
    return `<symbol id="${name}" viewBox="0 0 16 16">${body.replace(/\s*\n\s*/g, "")}</symbol>`;
  });
  const head = `<!-- Bootstrap Icons ${version}, MIT; licence in vendor/bootstrap-icons-${version}/LICENSE. Made by scripts/vendor.mjs. -->`;
  return `<svg xmlns="http://www.w3.org/2000/svg">\n${head}\n${symbols.join("\n")}\n</svg>\n`;
}

/** Map of path below static/ to its bytes: everything this script owns. */
function build() {
  const files = new Map();
  const manifest = { note: "Written by scripts/vendor.mjs; sha256 of every file.", libraries: {}, files: {} };
  for (const [name, library] of Object.entries(LIBRARIES)) {
    const { folder, version } = installed(name);
    const { licence, contains } = library;
    manifest.libraries[name] = { version, licence, ...(contains && { contains }) };
    for (const [from, to] of library.files) {
      files.set(`vendor/${library.folder ?? name}-${version}/${to}`, readFileSync(join(folder, from)));
    }
  }
  files.set("icons.svg", Buffer.from(sprite()));
  for (const path of [...files.keys()].sort()) manifest.files[path] = sha256(files.get(path));
  files.set("vendor/manifest.json", Buffer.from(JSON.stringify(manifest, null, 2) + "\n"));
  return files;
}

/** Map of path below tests/vendor to its bytes. */
function buildChecker() {
  const { folder, version } = installed(CHECKER.name);
  return new Map(CHECKER.files.map((name) => [`${CHECKER.name}-${version}/${name}`, readFileSync(join(folder, name))]));
}

const walk = (folder) => !existsSync(folder) ? [] : readdirSync(folder, { withFileTypes: true }).flatMap(
  (entry) => entry.isDirectory() ? walk(join(folder, entry.name)) : [join(folder, entry.name)]);

/** The same of what tests use. */
function checkerProblems(files) {
  const kept = join(root, "tests/vendor");
  const missing = [...files].filter(([path, bytes]) =>
    !existsSync(join(kept, path)) || sha256(readFileSync(join(kept, path))) !== sha256(bytes));
  const stale = walk(kept).map((target) => relative(kept, target).split(sep).join("/")).filter((path) => !files.has(path));
  return [...missing.map(([path]) => `differs: tests/vendor/${path}`), ...stale.map((path) => `not from the lock: tests/vendor/${path}`)];
}

/** Sentences on what differs: files, stale files, icons and vendor paths that templates name in vain. */
function problems(files) {
  const found = [];
  const served = join(root, "static");
  for (const [path, bytes] of files) {
    const target = join(served, path);
    if (!existsSync(target)) found.push(`missing: static/${path}`);
    else if (sha256(readFileSync(target)) !== sha256(bytes)) found.push(`differs: static/${path}`);
  }
  for (const target of walk(join(served, "vendor"))) {
    const path = relative(served, target).split(sep).join("/");
    if (!files.has(path)) found.push(`not from the lock: static/${path}`);
  }
  for (const template of walk(join(root, "templates")).filter((path) => path.endsWith(".html"))) {
    const text = readFileSync(template, "utf8");
    const where = relative(root, template);
    for (const [, icon] of text.matchAll(/\bicon(?:\(|=)\s*["']([a-z0-9-]+)["']/g)) {
      if (!ICONS.includes(icon)) found.push(`${where}: icon "${icon}" is not in the sprite`);
    }
    for (const [, path] of text.matchAll(/["'](vendor\/[^"']+)["']/g)) {
      if (!files.has(path)) found.push(`${where}: "${path}" is not vendored`);
    }
  }
  return found;
}

const files = build();
const checker = buildChecker();
if (process.argv.includes("--check")) {
  const found = [...problems(files), ...checkerProblems(checker)];
  for (const line of found) console.error(line);
  if (found.length) process.exit(1);
  console.log(`static/vendor and static/icons.svg are what package-lock.json gives (${files.size} files).`);
} else {
  rmSync(join(root, "static/vendor"), { recursive: true, force: true });
  for (const [path, bytes] of files) {
    mkdirSync(dirname(join(root, "static", path)), { recursive: true });
    writeFileSync(join(root, "static", path), bytes);
  }
  rmSync(join(root, "tests/vendor"), { recursive: true, force: true });
  for (const [path, bytes] of checker) {
    mkdirSync(dirname(join(root, "tests/vendor", path)), { recursive: true });
    writeFileSync(join(root, "tests/vendor", path), bytes);
  }
  console.log(`Wrote ${files.size} files, ${ICONS.length} icons.`);
}
