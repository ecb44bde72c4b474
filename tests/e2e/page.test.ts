import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { createRequire } from 'node:module'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Browser, BrowserContext, Page } from 'playwright-core'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test, vi } from 'vitest'
import { openBroker } from '../../src/bin/adapters.ts'
import { loadConfig } from '../../src/config/config.ts'
import { chromiumPath, launchChromium } from './chromium.ts'
import { type RunningProgram, startProgram } from './start-program.ts'

const AXE = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8')

describe.skipIf(!chromiumPath)('the page', () => {
  let home: string
  let program: RunningProgram
  let browser: Browser
  let context: BrowserContext
  let page: Page
  let foreign: string[]
  let complaints: string[]

  beforeAll(async () => {
    home = mkdtempSync(join(tmpdir(), 'tributary-'))
    program = await startProgram(home)
    browser = await launchChromium()
    await vi.waitFor(async () => expect(await program.get('/users/u42')).toHaveProperty('history'), 120_000)
    await program.printed(/now played live/)
  })
  afterAll(async () => {
    await browser?.close()
    await program?.stop()
    rmSync(home, { recursive: true, force: true })
  })

  beforeEach(async () => {
    context = await browser.newContext({ viewport: { width: 1280, height: 900 } })
    page = await context.newPage()
    foreign = []
    complaints = []
    page.on('request', (request) => {
      if (new URL(request.url()).origin !== program.baseUrl) foreign.push(request.url())
    })
    page.on('pageerror', (error) => complaints.push(String(error)))
    page.on('console', (message) => {
      if (message.type() === 'error') complaints.push(message.text())
    })
  })
  afterEach(async () => {
    await context.close()
    expect(complaints).toEqual([])
  })

  const open = async (path = '/') => {
    await page.goto(program.baseUrl + path)
    await page.waitForSelector('.card')
  }
  const ids = () => page.locator('.card').evaluateAll((cards) => cards.map((card) => card.getAttribute('data-item')))
  const cardOf = (itemId: string) => page.locator(`.card[data-item="${itemId}"]`)
  const notice = (pattern: RegExp) => page.locator('.notice', { hasText: pattern }).first()
  const give = (place: number, label: string) =>
    page
      .locator('.card')
      .nth(place)
      .getByRole('button', { name: new RegExp(`^${label} `) })
      .click()
  const cardsOfRows = () => page.locator('.cards').evaluateAll((rows) => rows.map((row) => row.children.length))
  /** What each row says that it has: at first it draws what can be seen of it. */
  const promisedOfRows = async () => {
    const labels = await page
      .locator('.cards')
      .evaluateAll((rows) => rows.map((row) => row.getAttribute('aria-label')!))
    return labels.map((label) => Number(/: (\d+) films$/.exec(label)![1]))
  }
  const newcomer = (name: string) => `/?user=e2e-${name}-${Date.now()}`

  describe('for viewers', () => {
    test('shows rows with reasons to a user chosen from those known, from its own host alone', async () => {
      await open()
      const picker = page.getByRole('combobox', { name: 'Choose a user' })
      await picker.fill('u4')
      await page.locator('[role="option"][data-user="u42"], [role="option"][data-user^="u4"]').first().waitFor()
      await picker.fill('u42')
      await picker.press('Enter')
      await page.waitForURL('**/?user=u42')
      await page.getByRole('heading', { name: 'For user u42' }).waitFor()
      await page.locator('.entry').first().waitFor()
      expect(await page.locator('.row h2').count()).toBeGreaterThan(1)
      expect(await page.locator('.card').count()).toBeGreaterThanOrEqual(10)
      for (const reason of await page.locator('.card .reason').allTextContents()) expect(reason.trim()).not.toBe('')
      await page.locator('.clock[data-state="ready"]').waitFor()
      expect(foreign).toEqual([])
    })

    test('asks for the slate once, before it has the modules that draw it', async () => {
      const asked: string[] = []
      page.on('request', (request) => asked.push(new URL(request.url()).pathname))
      await open('/?user=u42')
      await page.locator('.clock[data-state="ready"]').waitFor()
      expect(asked.filter((path) => path === '/stream/slate')).toHaveLength(1)
      await page.getByRole('combobox').click()
      await page.getByRole('option', { name: /Me, a guest/ }).click()
      await page.getByRole('heading', { name: 'For you' }).waitFor()
      await vi.waitFor(() => expect(asked.filter((path) => path === '/stream/slate')).toHaveLength(2))
    })

    test('chooses by keyboard alone', async () => {
      await open()
      const picker = page.getByRole('combobox', { name: 'Choose a user' })
      await picker.focus()
      await page.locator('[role="option"]').nth(2).waitFor()
      await picker.press('ArrowDown')
      await picker.press('ArrowDown')
      const chosen = await page.locator('[role="option"][aria-selected="true"]').getAttribute('data-user')
      await picker.press('Enter')
      await page.waitForURL(`**/?user=${chosen}`)
    })

    test('changes its rows after a like, says how fast, and takes the like back', async () => {
      await open(newcomer('like'))
      const before = await ids()
      const liked = before[1]!
      await give(1, 'Like')
      await notice(/^\d+ ms after your like.*(new|moved|gone)/).waitFor()
      expect(await ids()).not.toContain(liked)
      await vi.waitFor(async () => expect(await cardsOfRows()).toEqual(await promisedOfRows()), { timeout: 10_000 })
      await page.locator('.entry', { hasText: 'liked' }).waitFor()
      await page.locator('.notice').getByRole('button', { name: 'Undo' }).click()
      await notice(/^\d+ ms after your undo/).waitFor()
      await cardOf(liked).waitFor()
      expect(await page.locator('.entry').count()).toBe(0)
    })

    test.each([
      ['watched', 'Watched'],
      ['skipped', 'Skip'],
    ])('takes "%s" as well, and takes it back from the history', async (verb, label) => {
      await open(newcomer(verb))
      await give(0, label)
      await page
        .locator('.entry', { hasText: verb })
        .getByRole('button', { name: /^Take back/ })
        .click()
      await notice(/after your undo/).waitFor()
      expect(await page.locator('.entry').count()).toBe(0)
    })

    test('follows what happens elsewhere', async () => {
      const user = `e2e-elsewhere-${Date.now()}`
      await open(`/?user=${user}`)
      const [first] = await ids()
      const body = JSON.stringify({ userId: user, itemId: first, kind: 'watched' })
      await fetch(`${program.baseUrl}/feedback`, {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body,
      })
      await page.locator('.entry', { hasText: 'watched' }).waitFor()
      expect(await ids()).not.toContain(first)
    })

    test('opens a film with what goes with it, and closes it with Escape', async () => {
      await open('/?user=u42')
      const [first] = await ids()
      await cardOf(first!).locator('.card-poster').click()
      await page.waitForURL(`**/?user=u42&film=${first}`)
      await page.locator('.similar a').nth(3).waitFor()
      await page.keyboard.press('Escape')
      await page.waitForURL('**/?user=u42')
      expect(await page.locator('dialog').count()).toBe(0)
    })

    test('remembers the guest of this browser', async () => {
      await open()
      const guestOf = () => page.evaluate<string>("localStorage.getItem('tributary-guest')")
      const guest = await guestOf()
      expect(guest).toMatch(/^guest-[0-9a-f]{8}$/)
      await give(0, 'Like')
      await page.locator('.entry', { hasText: 'liked' }).waitFor()
      await open('/?user=u42')
      await page.getByRole('combobox').click()
      await page.getByRole('option', { name: /Me, a guest/ }).click()
      await page.getByRole('heading', { name: 'For you' }).waitFor()
      await page.locator('.entry', { hasText: 'liked' }).waitFor()
      expect(await guestOf()).toBe(guest)
    })

    test('keeps the theme that was chosen', async () => {
      await open()
      await page.getByRole('button', { name: /^Theme/ }).click()
      const ground = () => page.evaluate<string>('getComputedStyle(document.body).backgroundColor')
      const dark = await ground()
      await page.reload()
      await page.waitForSelector('.card')
      expect(await ground()).toBe(dark)
      await page.getByRole('button', { name: /^Theme/ }).click()
      expect(await ground()).not.toBe(dark)
    })
  })

  describe('for operators', () => {
    const position = async () => Number(await page.locator('progress').getAttribute('value'))

    test('shows what goes on, and pauses, speeds up and resumes the replay', async () => {
      await page.goto(`${program.baseUrl}/operator`)
      await page.getByRole('button', { name: 'Pause' }).click()
      await page.getByRole('button', { name: 'Resume' }).waitFor()
      await page.getByText(/, paused/).waitFor()
      let paused = 0
      // What was on its way when it was asked to pause is still reported, within a second.
      await vi.waitFor(
        async () => {
          const before = paused
          paused = await position()
          expect(paused).toBeGreaterThan(0)
          expect(paused).toBe(before)
        },
        { timeout: 15_000, interval: 1500 },
      )
      // Two more reports of the replay, and it has not moved.
      for (let reports = 0; reports < 2; reports++) {
        const { replay } = await nextFigures(program.baseUrl)
        expect(replay).toMatchObject({ paused: true, position: paused })
      }
      await page.getByLabel('Speed').selectOption('1000000')
      await page.getByRole('button', { name: 'Resume' }).click()
      await page.getByRole('button', { name: 'Pause' }).waitFor()
      await vi.waitFor(async () => expect(await position()).toBeGreaterThan(paused), { timeout: 30_000, interval: 100 })
      await page.locator('.figure', { hasText: 'Freshness' }).filter({ hasText: /\d ms/ }).waitFor()
      expect(await page.locator('.chart').count()).toBeGreaterThanOrEqual(2)
      expect(foreign).toEqual([])
    })

    test('shows how well the running stream is predicted, by source, and draws the lines that are chosen', async () => {
      await page.goto(`${program.baseUrl}/operator`)
      const quality = page.locator('.quality')
      await quality.waitFor({ timeout: 60_000 })
      await quality.locator('tr', { hasText: 'blend' }).getByText(/%/).first().waitFor()
      const lines = () => quality.locator('.chart .key').allTextContents()
      const before = await lines()
      expect(before.some((line) => line.startsWith('blend'))).toBe(true)
      await quality.getByRole('checkbox', { name: 'session-knn' }).check()
      await vi.waitFor(async () => expect((await lines()).length).toBe(before.length + 1))
      const metrics = await (await fetch(`${program.baseUrl}/metrics`)).text()
      const count = (name: string) => Number(new RegExp(`^${name} (\\d+)$`, 'm').exec(metrics)?.[1])
      const predicted = count('tributary_prequential_predictions_total\\{system="blend"\\}')
      expect(predicted).toBeGreaterThan(0)
      expect(count('tributary_prequential_hits_total\\{system="blend"\\}')).toBeLessThanOrEqual(predicted)
    })

    test('lets dead letters be looked into', async () => {
      const lines = '{ "userId": "u1", "itemId": "i1"'
      const broker = await openBroker(loadConfig({ home }))
      await broker.produce('ratings', [{ key: 'u1', value: Buffer.from(lines) }])
      await broker.close()
      await page.goto(`${program.baseUrl}/operator`)
      const letter = page.locator('.letters li', { hasText: 'not JSON' }).first()
      await letter.waitFor()
      await letter.locator('summary').click()
      await letter.getByText(lines).waitFor()
    })
  })

  describe('for who wants to know why', () => {
    test('opens the inspector from a card, follows the film through, and goes on to a neighbour', async () => {
      // Somebody whom the stream leaves alone: what is followed stays where it is.
      await open(newcomer('why'))
      await give(0, 'Like')
      await page.locator('.entry', { hasText: 'liked' }).waitFor()
      const [first] = await ids()
      await cardOf(first!)
        .getByRole('link', { name: /Open the inspector/ })
        .click()
      await page.waitForURL(`**/inspector?user=e2e-why-*&target=${first}`)
      await page.locator('.target[data-verdict="recommended"]').waitFor()
      expect(await page.locator('.target tbody tr').count()).toBeGreaterThanOrEqual(5)
      expect(await page.locator('.item[aria-pressed="true"]').count()).toBeGreaterThan(0)
      await page.locator('.genres li').first().waitFor()
      await page.locator('.attention .arc').first().waitFor()
      expect(await page.locator('.attention-list li').count()).toBeGreaterThan(0)
      await page.getByRole('button', { name: 'Visited with' }).click()
      await page.getByText(/what people visit before and after it/).waitFor()
      await page.locator('.map a').first().click()
      await page.waitForURL((url) => url.searchParams.get('target') !== first)
      await page.locator('.target').waitFor()
    })

    test('says of a film that was seen that this is why it is not there', async () => {
      const { history } = await program.get<{ history: { itemId: string }[] }>('/users/u42')
      await page.goto(`${program.baseUrl}/inspector?user=u42&target=${history[0]!.itemId}`)
      await page.locator('.target[data-verdict="removed"]').waitFor()
    })
  })

  describe.each([
    ['a desk', 1280, 900],
    ['a phone', 360, 740],
  ])('at the width of %s', (_, width, height) => {
    test.each([
      ['/?user=u42', '.card'],
      ['/?user=u42&film=i1', '.similar a'],
      ['/operator', '.figure'],
      ['/inspector?user=u42&target=i1', '.map a'],
    ])('%s scrolls down alone and has nothing serious for axe to find', async (path, shown) => {
      await page.setViewportSize({ width, height })
      for (const colorScheme of ['light', 'dark'] as const) {
        await page.emulateMedia({ colorScheme, reducedMotion: 'reduce' })
        await page.goto(program.baseUrl + path)
        await page.waitForSelector(shown)
        const excess = 'document.documentElement.scrollWidth - document.documentElement.clientWidth'
        expect(await page.evaluate<number>(excess)).toBe(0)
        expect(await seriousFindings(page)).toEqual([])
      }
    })
  })

  test('the docs load without another host and without complaints', async () => {
    await page.goto(`${program.baseUrl}/docs`)
    await page.locator('.opblock', { hasText: '/recommend' }).first().waitFor()
    expect(foreign.filter((url) => !url.startsWith('data:'))).toEqual([])
  })
})

async function seriousFindings(page: Page): Promise<string[]> {
  await page.evaluate(AXE)
  const found = await page.evaluate<{ id: string; impact: string; nodes: { html: string }[] }[]>(
    'axe.run().then(({ violations }) => violations)',
  )
  return found
    .filter(({ impact }) => impact === 'serious' || impact === 'critical')
    .map(({ id, nodes }) => `${id}: ${nodes.slice(0, 3).map(({ html }) => html.slice(0, 200))}`)
}

/** The next figures that operators get. */
async function nextFigures(baseUrl: string): Promise<{ replay: { paused: boolean; position: number } }> {
  const response = await fetch(`${baseUrl}/stream/operations`)
  let text = ''
  let seen = 0
  for await (const chunk of response.body!.pipeThrough(new TextDecoderStream())) {
    text += chunk
    const found = [...text.matchAll(/^event: figures\ndata: (.*)\n\n/gm)]
    // The first is of the past.
    if (found.length > 1) return JSON.parse(found[1]![1]!)
    seen = found.length
  }
  throw new Error(`the stream ended after ${seen} figures`)
}
