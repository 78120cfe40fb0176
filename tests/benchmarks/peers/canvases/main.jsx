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
  const ready = (api) => {
    window.bench.api = api;
    api.addFiles(files);
    api.updateScene({ elements });
    api.scrollToContent(undefined, { fitToViewport: true, viewportZoomFactor: 0.9, animate: false });
    setTimeout(() => {
      const { zoom, scrollX, scrollY, width, height } = api.getAppState();
      const middle = { x: width / 2 / zoom.value - scrollX, y: height / 2 / zoom.value - scrollY };
      window.bench.look = (factor, dx) => {
        const value = zoom.value * factor;
        const appState = {
          zoom: { value },
          scrollX: (width / 2 + dx) / value - middle.x,
          scrollY: height / 2 / value - middle.y,
        };
        api.updateScene({ appState });
      };
      window.bench.isReady = true;
    }, 1000);
  };
  root.render(
    <div style={{ height: "100%" }}>
      <Excalidraw excalidrawAPI={ready} initialData={{ elements: [], appState: { viewBackgroundColor: "#222222" } }} />
    </div>,
  );
}

async function tldraw() {
  const { Tldraw, AssetRecordType, createShapeId } = await import("tldraw");
  await import("tldraw/tldraw.css");
  const mounted = (editor) => {
    window.bench.api = editor;
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
    const { w, h } = editor.getViewportScreenBounds();
    const { x, y, z } = editor.getCamera();
    const middle = { x: w / 2 / z - x, y: h / 2 / z - y };
    window.bench.look = (factor, dx) => {
      const zoom = z * factor;
      editor.setCamera({ x: (w / 2 + dx) / zoom - middle.x, y: h / 2 / zoom - middle.y, z: zoom });
    };
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
