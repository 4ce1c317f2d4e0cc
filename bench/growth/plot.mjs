/**
 * Cost of an event over the ratings learned so far, one line a run: an SVG of 760 x 400. The first windows of a run, in which
 * code is still compiled, may be cut off at the top.
 */
const [width, height] = [760, 400];
const frame = { left: 56, right: 20, top: 84, bottom: 44 };
const colours = ['#1f77b4', '#d9730d', '#2a9d4e'];

export function plotOf(groups) {
  const lines = groups.flatMap(({ name, runs }, group) =>
    runs.map(({ users, windows }, size) => ({ name, users, windows, group, colour: colours[size % colours.length] })),
  );
  const mostMicroseconds = Math.ceil(Math.max(...lines.flatMap(({ windows }) => windows.slice(2).map(costOf))) / 5) * 5;
  const least = Math.min(...lines.map(({ windows }) => windows[0].ratings));
  const most = Math.max(...lines.map(({ windows }) => windows.at(-1).ratings));
  const xOf = (ratings) =>
    frame.left + ((width - frame.left - frame.right) * Math.log(ratings / least)) / Math.log(most / least);
  const yOf = (cost) =>
    height - frame.bottom - ((height - frame.top - frame.bottom) * Math.min(cost, mostMicroseconds)) / mostMicroseconds;

  const parts = [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" font-family="sans-serif" font-size="12">`,
    `<title>Cost of an event as the work grows</title>`,
    `<rect width="${width}" height="${height}" fill="#ffffff"/>`,
  ];
  for (let cost = 0; cost <= mostMicroseconds; cost += mostMicroseconds / 5)
    parts.push(
      `<path d="M${frame.left} ${yOf(cost)}H${width - frame.right}" stroke="#dddddd"/>`,
      `<text x="${frame.left - 8}" y="${yOf(cost) + 4}" text-anchor="end">${cost}</text>`,
    );
  for (let ratings = 10 ** Math.ceil(Math.log10(least)); ratings <= most; ratings *= 10)
    parts.push(
      `<path d="M${xOf(ratings)} ${frame.top}V${height - frame.bottom}" stroke="#eeeeee"/>`,
      `<text x="${xOf(ratings)}" y="${height - frame.bottom + 18}" text-anchor="middle">${ratings.toLocaleString('en')}</text>`,
    );
  parts.push(
    `<text x="${frame.left - 44}" y="14">µs of processor time an event</text>`,
    `<text x="${(frame.left + width - frame.right) / 2}" y="${height - 8}" text-anchor="middle">ratings learned so far</text>`,
  );
  lines.forEach(({ name, users, windows, group, colour }, n) => {
    const points = windows.map((window) => `${xOf(window.ratings).toFixed(1)},${yOf(costOf(window)).toFixed(1)}`);
    const dashes = group === 0 ? '' : ' stroke-dasharray="5 4"';
    const [keyX, keyY] = [frame.left + 350 * group, 38 + 17 * (n % (lines.length / groups.length))];
    parts.push(
      `<polyline points="${points.join(' ')}" fill="none" stroke="${colour}" stroke-width="2"${dashes}/>`,
      `<path d="M${keyX} ${keyY - 4}h28" stroke="${colour}" stroke-width="2"${dashes}/>`,
      `<text x="${keyX + 36}" y="${keyY}">${users.toLocaleString('en')} users, ${name}</text>`,
    );
  });
  return `${parts.join('\n')}\n</svg>\n`;
}

const costOf = ({ cpuMicrosecondsPerEvent }) => cpuMicrosecondsPerEvent;
