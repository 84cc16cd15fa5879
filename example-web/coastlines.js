// The world's coasts, as lines of [longitude, latitude], from a TopoJSON file.

export async function fetchCoastlines (signal) {
  const response = await fetch('/data/world-110m.json', { signal })
  if (!response.ok) throw new Error(`The map cannot be fetched: ${response.statusText}`)
  const { arcs, transform: { scale, translate }, objects } = await response.json()
  const used = new Set(objects.land.arcs.flat(2).map(arc => arc < 0 ? ~arc : arc))
  return Array.from(used, arc => {
    // Each point is told by its way from the one before.
    let [x, y] = [0, 0]
    return arcs[arc].map(([dx, dy]) => {
      x += dx
      y += dy
      return [x * scale[0] + translate[0], y * scale[1] + translate[1]]
    })
  })
}
