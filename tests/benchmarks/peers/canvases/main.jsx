// Shows the pictures of /board.json in one of the peers (?peer=excalidraw|tldraw), all of them in view, and says on
// `window.bench` what the benchmark asks for.
import React from "react";
import { createRoot } from "react-dom/client";

const peer = new URLSearchParams(location.search).get("peer");
const board = await (await fetch("./board.json")).json();
const root = createRoot(document.getElementById("root"));
window.bench = { isReady: false };

/** The file itself, as both keep it: Excalidraw takes nothing but data URLs. */
async function dataUrl(url) {
  const blob = await (await fetch(url)).blob();
  return new Promise((resolve) => {
    const reader = new FileReader();
    reader.onload = () => resolve(reader.result);
    reader.readAsDataURL(blob);
  });
}

async function excalidraw() {
  const { Excalidraw, convertToExcalidrawElements } = await import("@excalidraw/excalidraw");
  await import("@excalidraw/excalidraw/index.css");
  const files = [];
  const queue = board.pictures.map((picture, n) => [picture, n]);
  await Promise.all(
    Array.from({ length: 8 }, async () => {
      for (let next = queue.pop(); next; next = queue.pop()) {
        const [picture, n] = next;
        files.push({ id: `f${n}`, mimeType: "image/jpeg", dataURL: await dataUrl(picture.url), created: 1 });
      }
    }),
  );
  const elements = convertToExcalidrawElements(
    board.pictures.map(({ x, y, width, height }, n) => ({
      type: "image",
      fileId: `f${n}`,
      status: "saved",
      x,
      y,
      width,
      height,
    })),
  );
  const initialData = {
    elements,
    files: Object.fromEntries(files.map((file) => [file.id, file])),
    appState: { viewBackgroundColor: "#222222" },
  };
  const ready = (api) => {
    setTimeout(() => {
      api.scrollToContent(api.getSceneElements(), { fitToViewport: true, viewportZoomFactor: 0.9, animate: false });
    }, 1000);
    setTimeout(() => {
      // How far a turn of the wheel with Ctrl zooms: by so much of the first zoom, by so much of the last.
      const { value } = api.getAppState().zoom;
      window.bench.turn = (before, after) => (before - after) * value * 100;
      window.bench.isSharp = () => api.getSceneElements().length === board.pictures.length;
      window.bench.isReady = true;
    }, 2000);
  };
  root.render(
    <div style={{ height: "100%" }}>
      <Excalidraw excalidrawAPI={ready} initialData={initialData} />
    </div>,
  );
}

async function tldraw() {
  const { Tldraw, AssetRecordType, createShapeId } = await import("tldraw");
  await import("tldraw/tldraw.css");
  const mounted = (editor) => {
    const assets = board.pictures.map(({ url, w, h }, n) => ({
      id: AssetRecordType.createId(`a${n}`),
      typeName: "asset",
      type: "image",
      meta: {},
      props: { name: `${n}`, src: new URL(url, location.href).href, w, h, mimeType: "image/jpeg", isAnimated: false },
    }));
    editor.createAssets(assets);
    editor.createShapes(
      board.pictures.map(({ x, y, width, height }, n) => ({
        id: createShapeId(`s${n}`),
        type: "image",
        x,
        y,
        props: { assetId: assets[n].id, w: width, h: height },
      })),
    );
    editor.zoomToFit({ animation: { duration: 0 } });
    window.bench.turn = (before, after) => (1 - after / before) * 100;
    window.bench.isSharp = () => {
      const shown = [...document.querySelectorAll(".tl-image")];
      return shown.length >= board.pictures.length && shown.every((one) => one.tagName !== "IMG" || one.complete);
    };
    window.bench.isReady = true;
  };
  root.render(
    <div style={{ position: "fixed", inset: 0 }}>
      <Tldraw onMount={mounted} options={{ maxShapesPerPage: 10_000 }} />
    </div>,
  );
}

await { excalidraw, tldraw }[peer]();
