// The page of `tributary start` as a browser has it: from navigation to the first recommendation, from a click to the
// re-ordered row, and what it weighs, both timed in the browser to the frame that shows it. Baseline: a page of the same
// server that has nothing to do.
import { chromium } from 'playwright-core'
import { chromiumPath } from '../tests/e2e/chromium.ts'
import { type RunningProgram, startProgram } from '../tests/e2e/start-program.ts'
import { type Benchmark, inFreshHome, percentile, rounded } from './benchmark.ts'

const NAVIGATIONS = 20
const CLICKS = 400
const LOOK_EVERY_MS = 250

export const run: Benchmark = ({ config: given, data, status }) =>
  inFreshHome(given, async ({ home, movielensDir }) => {
    // A process of its own: what drives the browser is no part of the program. Live, at that speed, hardly anything happens.
    const env = { TRIBUTARY_TRAIN_EVERY: 'never', ...(movielensDir && { MOVIELENS_DIR: movielensDir }) }
    const program = await startProgram(home, ['--data', data, '--speed', '1x'], env)
    await program.printed(/now played live/)
    await caughtUp(program)
    const { users } = await program.get<{ users: { userId: string }[] }>('/users?k=1')
    const user = users[0]!.userId
    const browser = await chromium.launch({ executablePath: chromiumPath!, args: ['--no-sandbox', '--disable-gpu'] })

    const firstMs: number[] = []
    const blankMs: number[] = []
    let bytes = 0
    for (let i = 0; i < NAVIGATIONS; i++) {
      status(`navigation ${i + 1} of ${NAVIGATIONS}`)
      // A new context has nothing in its cache.
      const context = await browser.newContext({ viewport: { width: 1280, height: 900 } })
      const page = await context.newPage()
      let received = 0
      const sizes: Promise<void>[] = []
      page.on('requestfinished', (request) => {
        if (new URL(request.url()).pathname.startsWith('/stream')) return
        const size = request.sizes().then(({ responseBodySize }) => {
          received += responseBodySize
        })
        sizes.push(size)
      })
      await page.addInitScript(WATCH_FOR_A_CARD)
      await page.goto(`${program.baseUrl}/?user=${user}`)
      firstMs.push(await page.evaluate<number>('firstCard'))
      await page.waitForLoadState('networkidle').catch(() => {})
      // Looking at the clock goes on; what comes now is not waited for.
      page.removeAllListeners('requestfinished')
      await Promise.all(sizes)
      bytes = Math.max(bytes, received)
      await context.close()
      const blank = await (await browser.newContext()).newPage()
      await blank.addInitScript(WATCH_FOR_A_FRAME)
      await blank.goto(`${program.baseUrl}/healthz`)
      blankMs.push(await blank.evaluate<number>('firstFrame'))
      await blank.context().close()
    }

    const context = await browser.newContext({ viewport: { width: 1280, height: 900 } })
    const page = await context.newPage()
    await page.goto(`${program.baseUrl}/?user=bench-guest`)
    await page.locator('.card').first().waitFor()
    const clickMs: number[] = []
    for (let i = 0; i < CLICKS; i++) {
      status(`click ${i + 1} of ${CLICKS}`)
      clickMs.push(await page.evaluate<number>(CLICK_AND_WAIT))
      // As fast as a person might be.
      await page.waitForTimeout(250)
    }
    await browser.close()
    await program.stop()
    for (const times of [firstMs, blankMs, clickMs]) times.sort((a, b) => a - b)
    return {
      navigations: NAVIGATIONS,
      firstRecommendationP50Ms: rounded(percentile(firstMs, 50)),
      firstRecommendationMaxMs: rounded(firstMs.at(-1)!),
      bareNavigationP50Ms: rounded(percentile(blankMs, 50)),
      clicks: CLICKS,
      clickToReorderedP50Ms: rounded(percentile(clickMs, 50)),
      clickToReorderedP99Ms: rounded(percentile(clickMs, 99)),
      viewerKB: rounded(bytes / 1000, 1),
    }
  })

/** Resolves when all that has been replayed is folded and in the event log. */
async function caughtUp({ baseUrl }: RunningProgram): Promise<void> {
  for (;;) {
    const metrics = await (await fetch(`${baseUrl}/metrics`)).text()
    if (/^tributary_consumer_lag 0$/m.test(metrics) && /^tributary_event_log_lag 0$/m.test(metrics)) return
    await new Promise((resolve) => setTimeout(resolve, LOOK_EVERY_MS))
  }
}

/** In the page: the time from the beginning of the navigation until a frame shows the first card. */
const WATCH_FOR_A_CARD = `window.firstCard = new Promise((resolve) => {
  const observer = new MutationObserver(() => {
    if (!document.querySelector('.card')) return
    observer.disconnect()
    requestAnimationFrame(() => setTimeout(() => resolve(performance.now())))
  })
  observer.observe(document, { childList: true, subtree: true })
})`

/** In the page: the same of the first frame of all. */
const WATCH_FOR_A_FRAME = `window.firstFrame = new Promise((resolve) => {
  addEventListener('load', () => requestAnimationFrame(() => setTimeout(() => resolve(performance.now()))))
})`

/** In the page: likes the second card, and answers the time until a frame shows the rows without it. */
const CLICK_AND_WAIT = `new Promise((resolve) => {
  const card = document.querySelectorAll('.card')[1]
  const itemId = card.dataset.item
  const start = performance.now()
  const observer = new MutationObserver(() => {
    if (document.querySelector('.card[data-item="' + CSS.escape(itemId) + '"]')) return
    observer.disconnect()
    requestAnimationFrame(() => setTimeout(() => resolve(performance.now() - start)))
  })
  observer.observe(document.querySelector('.rows'), { childList: true, subtree: true })
  card.querySelector('[data-kind="like"]').click()
})`
