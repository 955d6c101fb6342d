/** Who may import whom in the front end (docs/architecture.md). */
const only = (name, from, to) => ({ name, severity: "error", from: { path: from }, to: { path: to } });
module.exports = {
  forbidden: [
    { name: "no-circles", severity: "error", from: {}, to: { circular: true } },
    only("geometry-is-pure", "^src/geometry", "^src/(?!geometry)"),
    only("labels-are-pure", "^src/labels", "^src/(?!labels|geometry)"),
    // Types only: texts say what they are given.
    only("texts-are-pure", "^src/texts", "^src/(?!texts)"),
    only("store-knows-no-screen", "^src/store", "^src/(viewer|tools|ui)"),
    only("api-is-alone", "^src/api", "^src/(?!api|texts)"),
    only("viewer-below-tools", "^src/viewer", "^src/(tools|ui)"),
    only("tools-know-no-panels", "^src/tools", "^src/ui"),
    {
      name: "only-viewer-imports-openseadragon",
      severity: "error",
      from: { path: "^src", pathNot: "^src/viewer" },
      to: { path: "openseadragon" },
    },
  ],
  options: { tsConfig: { fileName: "tsconfig.json" }, doNotFollow: { path: "node_modules" } },
};
