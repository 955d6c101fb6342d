import { defineConfig } from "vite";

// Two entries: the editor, and every other page. Django finds the hashed names in the manifest.
export default defineConfig({
  base: "/static/dist/",
  oxc: { jsx: { runtime: "automatic", importSource: "preact" } },
  build: {
    outDir: "../project/static/dist",
    emptyOutDir: true,
    manifest: "manifest.json",
    sourcemap: true,
    rollupOptions: { input: { editor: "src/editor.tsx", pages: "src/pages.tsx" } },
  },
});
