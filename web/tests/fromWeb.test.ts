import { describe, expect, test } from "vitest";
import { apart, fileOfDataUrl, isPictureAddress, nameOfAddress, webSourcesIn } from "$lib/upload/fromWeb";

function transfer(data: Record<string, string>): DataTransfer {
  return { getData: (type: string) => data[type] ?? "" } as DataTransfer;
}

describe("what is dropped from another page", () => {
  test("is its pictures, each once, and not the page that they link to", () => {
    const html =
      '<a href="https://a.example/page"><img src="https://a.example/1.jpg"></a><img src="https://a.example/1.jpg">';
    const found = webSourcesIn(transfer({ "text/html": html, "text/uri-list": "https://a.example/page" }));
    expect(found).toEqual([{ url: "https://a.example/1.jpg" }]);
  });

  test("is the addresses of a list where there is no picture, without its comments", () => {
    const list = "# from a.example\r\nhttps://a.example/1.jpg\r\nhttps://a.example/2.jpg\r\n";
    expect(webSourcesIn(transfer({ "text/uri-list": list }))).toHaveLength(2);
  });

  test("is nothing that is not of the web", () => {
    const html = '<img src="file:///etc/passwd"><img src="javascript:1"><img src="a.png">';
    expect(webSourcesIn(transfer({ "text/html": html }))).toEqual([]);
    expect(webSourcesIn(transfer({ "text/plain": "https://a.example/1.jpg" }))).toEqual([]);
  });
});

test("an address of a picture is known by its ending, and words are not", () => {
  expect(isPictureAddress("https://a.example/x/fox.JPG?w=200#top")).toBe(true);
  expect(isPictureAddress("https://a.example/fox")).toBe(false);
  expect(isPictureAddress("see https://a.example/fox.jpg")).toBe(false);
  expect(isPictureAddress("ftp://a.example/fox.jpg")).toBe(false);
});

test("a data URL becomes a file, or nothing when it is broken", async () => {
  const file = fileOfDataUrl("data:image/png;base64,aGVsbG8=");
  expect([file?.name, file?.type, await file?.text()]).toEqual(["picture.png", "image/png", "hello"]);
  expect(await fileOfDataUrl("data:image/svg+xml;charset=utf-8,%3Csvg/%3E")?.text()).toBe("<svg/>");
  expect(fileOfDataUrl("data:image/png;base64,***")).toBeNull();
  expect(fileOfDataUrl("data:nothing")).toBeNull();
});

test("data URLs are files already, and the rest is fetched by the server", async () => {
  const { files, others } = apart([
    { url: "https://a.example/1.jpg" },
    { url: "DATA:image/png;base64,aGVsbG8=" },
    { url: "data:image/png;base64,***" },
  ]);
  expect(others).toEqual([{ url: "https://a.example/1.jpg" }]);
  expect(await Promise.all(files.map((file) => file.text()))).toEqual(["hello"]);
  expect(isPictureAddress("data:image/png;base64,aGVsbG8=")).toBe(true);
  expect(isPictureAddress("data:image/png is how it begins, and then come words")).toBe(false);
  expect(isPictureAddress("data:text/html,hello")).toBe(false);
});

test("a picture is named as its address ends", () => {
  expect(nameOfAddress("https://a.example/x/red%20fox.jpg?w=1")).toBe("red fox.jpg");
  expect(nameOfAddress("https://a.example/")).toBe("a.example");
});
