// Drives Chromium through login and consent: `node browser.mjs FOLDER` reads `{url, user, scheme, locale, width, fields}` and prints where
// the browser ended, what the pages said on the console, and which requests left the issuer. Screenshots go to FOLDER.
import { mkdtempSync, readFileSync } from "node:fs";
import { createServer } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { chromium } from "playwright-core";

const folder = process.argv[2];
const asked = JSON.parse(readFileSync(0, "utf8"));
const context = await chromium.launchPersistentContext(mkdtempSync(join(tmpdir(), "chromium-")), {
  executablePath: process.env.CHROMIUM ?? "/usr/bin/chromium",
  args: ["--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
    "--disable-component-update", "--disable-sync"],
  colorScheme: asked.scheme ?? "light",
  locale: asked.locale ?? "en",
  viewport: { width: asked.width ?? 800, height: 900 },
  // No page needs it.
  javaScriptEnabled: false,
});
const page = context.pages()[0] ?? (await context.newPage());
const said = [];
page.on("console", (message) => said.push(message.text()));
const origin = new URL(asked.url).origin;
const outside = [];
context.on("request", (request) => { if (!request.url().startsWith(origin)) outside.push(request.url()); });
const shot = (name) => folder && page.screenshot({ path: join(folder, `${name}.png`), fullPage: true });

await page.goto(asked.url);
await shot("login");
await page.click(`button[value="${asked.user}"]`);
for (const [label, value] of asked.fields ?? []) {
  await page.getByLabel(label).fill(value);
  await shot("form");
  await page.click("#submit");
}
await page.waitForSelector("#approve");
await shot("consent");
const left = page.waitForEvent("request", (request) => !request.url().startsWith(origin), { timeout: 10_000 })
  .then((request) => request.url(), () => null);
await page.click(asked.decision === "deny" ? "#deny" : "#approve", { noWaitAfter: true });
const ended = await left;
console.log(JSON.stringify({ ended, said, outside }));
await context.close();
