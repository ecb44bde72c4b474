import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Browser, BrowserContext, Page } from 'playwright-core'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test, vi } from 'vitest'
import { chromiumPath, launchChromium } from './chromium.ts'
import { type RunningProgram, startProgram } from './start-program.ts'

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
    await vi.waitFor(async () => expect(await program.get('/users/u42')).toHaveProperty('history'), 30_000)
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
      // A user without a trace is a 404, which browsers report as an error.
      if (message.type() === 'error' && !message.text().includes('404')) complaints.push(message.text())
    })
  })
  afterEach(() => context.close())

  const open = async (path = '/') => {
    await page.goto(program.baseUrl + path)
    await page.waitForSelector('.card')
  }
  const titles = () => page.locator('.card h3').allTextContents()
  const changeAfter = async (kind: string) => {
    const change = page.locator('#change', { hasText: ` ms after your ${kind} of` })
    await change.waitFor()
    return change.textContent()
  }

  test('shows rows with reasons to a user chosen by id, from its own host alone', async () => {
    await open()
    await page.getByLabel('User', { exact: true }).fill('u42')
    await page.getByRole('button', { name: 'Show' }).click()
    await page.waitForURL('**/?user=u42')
    await page.waitForSelector('#slate[aria-busy="false"]')
    expect(await page.locator('.row h2').count()).toBeGreaterThan(0)
    expect(await page.locator('.card').count()).toBeGreaterThanOrEqual(10)
    for (const reason of await page.locator('.card .reason').allTextContents()) expect(reason).not.toBe('')
    await page.locator('#state[data-state="ready"]').waitFor()
    expect(await page.locator('#state').textContent()).toContain('stream time')
    expect(foreign).toEqual([])
    expect(complaints).toEqual([])
  })

  test('suggests users whom the stream has brought', async () => {
    await open()
    const suggested = page.locator('#known-users button')
    await suggested.first().waitFor()
    const user = (await suggested.first().textContent())!
    await suggested.first().click()
    await page.waitForURL(`**/?user=${user}`)
    expect(await suggested.first().getAttribute('aria-pressed')).toBe('true')
    await page.locator('#history .title').first().waitFor()
  })

  test('changes its rows after a like, and shows what changed, how fast, and the like in the history', async () => {
    await open(`/?user=e2e-${Date.now()}`)
    const before = await titles()
    const liked = before[1]!
    await page
      .locator('.card')
      .nth(1)
      .getByRole('button', { name: /^Like / })
      .click()
    expect(await changeAfter('like')).toMatch(/^\d+ ms after your like of .+: \d+ new, \d+ moved, \d+ gone\.$/)
    const after = await titles()
    expect(after).not.toEqual(before)
    expect(after).not.toContain(liked)
    expect(await page.locator('.card[data-change]').count()).toBeGreaterThan(0)
    const entry = page.locator('#history li').first()
    await entry.getByText('liked').waitFor()
    expect(await entry.locator('.title').textContent()).toBe(liked)
    expect(complaints).toEqual([])
  })

  test.each([
    ['skip', 'Skip', 'skipped'],
    ['watched', 'Watched', 'watched'],
  ])('takes %s as well', async (kind, label, verb) => {
    await open(`/?user=e2e-${kind}-${Date.now()}`)
    await page
      .locator('.card')
      .first()
      .getByRole('button', { name: new RegExp(`^${label} `) })
      .click()
    await changeAfter(kind)
    await page.locator('#history li').first().getByText(verb).waitFor()
  })

  test('remembers the guest of this browser', async () => {
    await open()
    const guest = await page.getByLabel('User', { exact: true }).inputValue()
    expect(guest).toMatch(/^guest-[0-9a-f]{8}$/)
    await open('/?user=u42')
    await page.getByRole('button', { name: 'Me, a guest' }).click()
    expect(await page.getByLabel('User', { exact: true }).inputValue()).toBe(guest)
  })

  test('can be used by keyboard, and keeps the focus among the cards when they change', async () => {
    await open(`/?user=e2e-keyboard-${Date.now()}`)
    await page
      .locator('.card')
      .first()
      .getByRole('button', { name: /^Like / })
      .focus()
    await page.keyboard.press('Enter')
    await changeAfter('like')
    expect(await page.locator('.card :focus').count()).toBe(1)
    const names = await page.evaluate<string[]>(
      "[...document.querySelectorAll('button')].map((button) => button.ariaLabel || button.textContent.trim())",
    )
    expect(names.length).toBeGreaterThan(30)
    expect(names).not.toContain('')
  })

  test('fits a phone without scrolling sideways', async () => {
    await page.setViewportSize({ width: 360, height: 740 })
    await open('/?user=u42')
    const excess = await page.evaluate<number>(
      'document.documentElement.scrollWidth - document.documentElement.clientWidth',
    )
    expect(excess).toBe(0)
  })

  test('the docs load without another host and without complaints', async () => {
    await page.goto(`${program.baseUrl}/docs`)
    await page.locator('.opblock', { hasText: '/recommend' }).first().waitFor()
    expect(foreign.filter((url) => !url.startsWith('data:'))).toEqual([])
    expect(complaints).toEqual([])
  })
})
