// A person in a real browser: Chromium, headless, with an empty profile. Reads JSON from standard input:
//
//   {"steps": [[NAME, ARGUMENTS…]…], "folder", "javaScript", "locale", "scheme", "width"}
//
// and does one step after the other:
//
//   ["open", URL]            opens a page
//   ["press", NAME]          presses the button or link that has this name for a screen reader
//   ["fill", LABEL, TEXT]    fills in the field with this label
//   ["tick", LABEL], ["choose", LABEL, OPTION]
//   ["keys", KEY…]           presses keys
//   ["await", ROLE, NAME]    waits until there is such an element, of any name without NAME
//   ["look", NAME]           notes what the page is, and takes a screenshot of it into the folder
//   ["moved", URL]           waits until a redirect leads to a URL that begins so
//   ["tabs"]                 notes the names of what the tab key reaches, in order
//   ["audit"]                notes what axe finds: [{"id", "impact", "targets"}…]; needs "javaScript", since axe is a script
//   ["inject"]               notes whether a script that somebody has smuggled into the page runs
//   ["scheme", "dark"], ["width", PIXELS]
//
// Prints one line of JSON: {"noted": [what "look", "tabs", "audit" and "inject" have noted…], "url": where it ended, "said": [[origin of the
// page, line of its console]…], "asked": [[origin of the page, origin of a request]…], "moves": [{"status", "location"}…]}. A step that fails
// ends it with the step and the text of the page.
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

import axe from 'axe-core'
import { chromium } from 'playwright-core'

const asked = JSON.parse(readFileSync(0, 'utf8'))
const PATIENCE = 20_000
const profile = mkdtempSync(join(tmpdir(), 'chromium-'))
const context = await chromium.launchPersistentContext(profile, {
  executablePath: process.env.CHROMIUM ?? '/usr/bin/chromium',
  headless: true,
  args: [
    '--headless', '--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run', '--disable-background-networking',
    '--disable-component-update', '--disable-sync',
    // Whatever a page asks for, nothing leaves this machine.
    '--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1',
  ],
  colorScheme: asked.scheme ?? 'light',
  locale: asked.locale ?? 'en',
  viewport: { width: asked.width ?? 800, height: 900 },
  // No page needs it.
  javaScriptEnabled: asked.javaScript ?? false,
})
context.setDefaultTimeout(PATIENCE)
const page = context.pages()[0] ?? (await context.newPage())

const [said, requests, moves, noted] = [[], [], [], []]
const origin = (url) => new URL(url).origin
page.on('console', (message) => said.push([origin(message.location().url || page.url()), message.text()]))
page.on('pageerror', (error) => said.push([origin(page.url()), String(error)]))
page.on('request', (request) => requests.push([origin(request.frame().url()), origin(request.url())]))
page.on('response', (response) => {
  const { location } = response.headers()
  if (location) moves.push({ status: response.status(), location })
})

const named = (role, name) => page.getByRole(role, name === undefined ? {} : { name, exact: true })
const field = (label) => page.getByLabel(label, { exact: true }).or(page.getByPlaceholder(label, { exact: true }))

/** Waits for a redirect to a place that may have no page. */
async function moved(url) {
  const led = () => moves.some(({ location }) => location.startsWith(url))
  while (!led()) await page.waitForEvent('response', { timeout: PATIENCE })
}

async function audit() {
  await page.evaluate(axe.source)
  const { violations } = await page.evaluate('axe.run()')
  return violations.map(({ id, impact, nodes }) => ({ id, impact, targets: nodes.map(({ target, failureSummary }) => [target, failureSummary]) }))
}

/** What the tab key reaches from the top of the page until it comes round; then the first of it has the focus. */
async function tabs() {
  const reached = []
  await page.evaluate(() => document.activeElement?.blur())
  for (let left = 30; left > 0; left -= 1) {
    await page.keyboard.press('Tab')
    const name = await page.evaluate(() => {
      const at = document.activeElement
      if (!at || at === document.body) return null
      const visible = getComputedStyle(at).outlineStyle !== 'none'
      return `${at.labels?.[0]?.textContent.trim() ?? at.textContent.trim()}${visible ? '' : ' (no focus ring)'}`
    })
    if (reached.length > 0 && name === reached[0]) break
    if (name !== null) reached.push(name)
  }
  return reached
}

async function look(name) {
  if (asked.folder) await page.screenshot({ path: join(asked.folder, `${name}.png`), fullPage: true })
  const facts = await page.evaluate(() => ({
    title: document.title,
    language: document.documentElement.lang,
    // More than the window is wide, when there is something that sticks out.
    width: document.documentElement.scrollWidth,
    window: document.documentElement.clientWidth,
    background: getComputedStyle(document.body).backgroundColor,
    color: getComputedStyle(document.body).color,
  }))
  return { name, url: page.url(), ...facts, tree: await page.locator('body').ariaSnapshot() }
}

/** Whether an inline script runs that got into the page, and an image of another place loads. */
function inject() {
  return page.evaluate(async () => {
    const script = document.createElement('script')
    script.textContent = 'window.smuggled = true'
    document.body.append(script)
    const image = new Image()
    const loaded = new Promise((resolve) => { image.onload = () => resolve(true); image.onerror = () => resolve(false) })
    image.src = 'http://127.0.0.1:9/image.png'
    document.body.append(image)
    return { ran: window.smuggled === true, loaded: await loaded }
  })
}

const STEPS = {
  open: (url) => page.goto(url),
  press: (name) => named('button', name).or(named('link', name)).click(),
  fill: (label, text) => field(label).fill(text),
  tick: (label) => field(label).check(),
  choose: (label, option) => field(label).selectOption({ label: option }),
  keys: async (...keys) => { for (const key of keys) await page.keyboard.press(key) },
  await: (role, name) => named(role, name).first().waitFor(),
  look: async (name) => { noted.push(await look(name)) },
  moved,
  audit: async () => { noted.push(await audit()) },
  tabs: async () => { noted.push(await tabs()) },
  inject: async () => { noted.push(await inject()) },
  scheme: (colorScheme) => page.emulateMedia({ colorScheme }),
  width: (width) => page.setViewportSize({ width, height: 900 }),
}

let failed
for (const [name, ...rest] of asked.steps) {
  try {
    await STEPS[name](...rest)
  } catch (error) {
    failed = `${JSON.stringify([name, ...rest])} at ${page.url()}: ${error.message}\n${await page.locator('body').innerText().catch(() => '')}`
    break
  }
}
const url = page.url()
await context.close()
rmSync(profile, { recursive: true, force: true })
if (failed) {
  console.error(failed)
  process.exit(1)
}
console.log(JSON.stringify({ noted, url, said, asked: requests, moves }))
