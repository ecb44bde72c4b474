// Times of the stream, which has no time zone but UTC.

const DAY = new Intl.DateTimeFormat('en-GB', { day: 'numeric', month: 'short', year: 'numeric', timeZone: 'UTC' })
const CLOCK = new Intl.DateTimeFormat('en-GB', { hour: '2-digit', minute: '2-digit', timeZone: 'UTC' })

export const formatDay = (ms) => DAY.format(ms)
export const formatTime = (ms) => CLOCK.format(ms)
export const formatMoment = (ms) => `${formatDay(ms)}, ${formatTime(ms)}`
