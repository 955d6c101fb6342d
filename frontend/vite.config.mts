import { defineConfig } from "vitest/config";

// Two entries: the editor, and every other page. Django finds the hashed names in the manifest.
export default defineConfig({
  base: "/static/dist/",
  oxc: { jsx: { runtime: "automatic", importSource: "preact" } },
  build: {
    outDir: "../project/static/dist",
    emptyOutDir: true,
    manifest: "manifest.json",
    sourcemap: true,
    rolldownOptions: {
      input: { editor: "src/editor.tsx", pages: "src/pages.tsx" },
      // By far the largest library, which changes less often than what is written here.
      output: { codeSplitting: { groups: [{ name: "openseadragon", test: /openseadragon/ }] } },
    },
  },
  // Against hanging only: on a busy machine some tests take ten times as long.
  test: { testTimeout: 60_000, hookTimeout: 60_000 },
});
