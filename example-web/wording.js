// Numbers and times as the page writes them.

const whole = new Intl.NumberFormat('en', { maximumFractionDigits: 0 })
const oneDigit = new Intl.NumberFormat('en', { maximumFractionDigits: 1, minimumFractionDigits: 1 })
const compact = new Intl.NumberFormat('en', { notation: 'compact', maximumFractionDigits: 1 })
const percent = new Intl.NumberFormat('en', { style: 'percent', maximumFractionDigits: 1, minimumFractionDigits: 1 })
const dayAndTime = new Intl.DateTimeFormat('en', { year: 'numeric', month: 'short', day: 'numeric', hour: '2-digit', minute: '2-digit', hourCycle: 'h23', timeZone: 'UTC' })

const longDay = new Intl.DateTimeFormat('en', { weekday: 'long', year: 'numeric', month: 'long', day: 'numeric', timeZone: 'UTC' })
const monthAndDay = new Intl.DateTimeFormat('en', { month: 'short', day: 'numeric', timeZone: 'UTC' })

export const number = value => whole.format(value)
export const decimal = value => oneDigit.format(value).replace('-', '−')
export const short = value => compact.format(value)
export const share = (part, of) => of === 0 ? '–' : percent.format(part / of)
export const time = ms => `${dayAndTime.format(ms)} UTC`
export const day = ms => longDay.format(ms)
export const shortDay = ms => monthAndDay.format(ms)

// Two digits say all there is to say about a rate.
export const rate = perSecond => perSecond === undefined ? '–' : whole.format(Number(perSecond.toPrecision(2)))

export function duration (seconds) {
  if (!Number.isFinite(seconds)) return '–'
  if (seconds < 9.95) return `${oneDigit.format(seconds)} s`
  if (seconds < 60) return `${whole.format(seconds)} s`
  return `${Math.floor(seconds / 60)} min ${Math.round(seconds % 60)} s`
}

export const milliseconds = ms => ms < 10 ? `${oneDigit.format(ms)} ms` : ms < 10_000 ? `${whole.format(ms)} ms` : duration(ms / 1000)

// 7.5 → 07:30
export function clock (hours) {
  const minutes = Math.round(hours * 60)
  return `${String(Math.floor(minutes / 60) % 24).padStart(2, '0')}:${String(minutes % 60).padStart(2, '0')}`
}

export function lateness (minutes) {
  if (minutes === 0) return 'on time'
  return minutes < 0 ? `${-minutes} min early` : `${minutes} min late`
}

export function bytes (count) {
  if (count < 1000) return `${whole.format(count)} B`
  const units = ['kB', 'MB', 'GB', 'TB']
  const power = Math.min(Math.floor(Math.log10(count) / 3), units.length)
  const value = count / 1000 ** power
  return `${value < 10 ? oneDigit.format(value) : whole.format(value)} ${units[power - 1]}`
}
