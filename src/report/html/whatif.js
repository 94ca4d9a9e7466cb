// What if: the budget, a ceiling on the last unit's cost, and single lines moved by hand.
//
// Each line's sampled curve is replaced by its concave hull between the spends it may have; the pieces of all hulls, the
// steepest first, are filled until the money, a ceiling or a limit ends it. Where limits nest that is the optimum of the
// hulls; where they cross it keeps them all the same. Floors are filled first, and by the steepest pieces too.
function outlayEngine(data) {
  const lines = data.lines, groups = data.groups, EPS = 1e-6;
  // The spends at which a line's curve was sampled: closer together where curves bend, and the line's own.
  const sampled = line => {
    const share = step => step / data.steps, own = [line.spend, line.reference, line.low, line.minimum];
    const spends = Array.from({ length: data.steps + 1 }, (_, step) => line.high * (share(step) * share(step)));
    return [...new Set([...spends, ...own.filter(x => x <= line.high)])].sort((a, b) => a - b);
  };
  for (const line of lines) {
    line.x = line.curve ? sampled(line) : [];
    if (line.x.length !== line.y.length) throw new Error(`${line.name}: ${line.y.length} figures of ${line.x.length} spends`);
  }
  const memberOf = lines.map(() => []);
  groups.forEach((group, g) => group.lines.forEach(l => memberOf[l].push(g)));

  // Mean KPI of a line at a spend: straight between the sampled spends.
  const at = (line, x) => {
    if (!line.curve || x <= 0) return line.curve ? line.y[0] * (x === 0) : 0;
    const xs = line.x, ys = line.y, last = xs.length - 1;
    if (x >= xs[last]) return ys[last];
    let low = 0, high = last;
    while (high - low > 1) { const middle = (low + high) >> 1; if (xs[middle] <= x) low = middle; else high = middle; }
    return ys[low] + (ys[high] - ys[low]) * (x - xs[low]) / (xs[high] - xs[low]);
  };
  // KPI per further unit of money, smoothed over neighbouring stretches.
  const slope = (line, x) => {
    if (!line.curve) return 0;
    const step = Math.max(line.high * 0.012, 1e-9), low = Math.max(0, x - step), high = Math.min(line.high, x + step);
    return high > low ? (at(line, high) - at(line, low)) / (high - low) : 0;
  };

  // The corners of a line's concave hull between its bounds.
  const hull = line => {
    if (!line.curve || line.high <= line.low + EPS) return [];
    const points = [[line.low, at(line, line.low)]];
    const start = line.minimum > line.low ? line.minimum : line.low;
    for (let i = 0; i < line.x.length; i++)
      if (line.x[i] > line.low + EPS && line.x[i] >= start - EPS && line.x[i] < line.high - EPS) points.push([line.x[i], line.y[i]]);
    points.push([line.high, at(line, line.high)]);
    const corners = [];
    for (const point of points) {
      while (corners.length > 1) {
        const [a, b] = corners.slice(-2);
        if ((b[1] - a[1]) * (point[0] - b[0]) > (point[1] - b[1]) * (b[0] - a[0])) break;
        corners.pop();
      }
      corners.push(point);
    }
    return corners;
  };
  const pieces = [];
  lines.forEach((line, l) => {
    const corners = hull(line);
    for (let i = 1; i < corners.length; i++) {
      const [a, b] = [corners[i - 1], corners[i]];
      const steep = (b[1] - a[1]) / (b[0] - a[0]);
      if (steep > 0) pieces.push({ l, from: a[0], to: b[0], steep });
    }
  });
  pieces.sort((a, b) => b.steep - a.steep || a.l - b.l || a.from - b.from);

  // One filling at a given spend of the whole plan, which shares are of.
  const filled = (budget, ceiling, fixed, total) => {
    const x = lines.map((line, l) => fixed.has(l) ? fixed.get(l) : line.low);
    const sums = groups.map(group => group.lines.reduce((sum, l) => sum + x[l], 0));
    const caps = groups.map(group => Math.min(group.max ?? Infinity, group.share_max == null ? Infinity : group.share_max * total));
    const floors = groups.map(group => Math.max(group.min ?? 0, (group.share_min ?? 0) * total));
    let spent = x.reduce((sum, spend) => sum + spend, 0), last = 0;
    let reached = lines.reduce((sum, line, l) => sum + at(line, x[l]), 0);
    const take = (piece, room) => {
      const { l } = piece;
      if (fixed.has(l) || x[l] < piece.from - EPS || x[l] >= piece.to - EPS) return 0;
      let amount = Math.min(room, piece.to - x[l]);
      for (const g of memberOf[l]) amount = Math.min(amount, caps[g] - sums[g]);
      if (amount <= EPS) return 0;
      x[l] += amount;
      spent += amount;
      reached += amount * piece.steep;
      for (const g of memberOf[l]) sums[g] += amount;
      return amount;
    };
    const order = groups.map((group, g) => g).filter(g => floors[g] > 0).sort((a, b) => groups[a].lines.length - groups[b].lines.length);
    for (const g of order)
      for (const piece of pieces) {
        if (sums[g] >= floors[g] - EPS) break;
        if (memberOf[piece.l].includes(g)) take(piece, Math.min(floors[g] - sums[g], budget - spent));
      }
    for (const piece of pieces) {
      if (budget - spent <= EPS || (ceiling && piece.steep * ceiling < 1)) break;
      let room = budget - spent;
      if (data.target != null) room = Math.min(room, (data.target - reached) / piece.steep);
      if (data.mean_ceiling != null) {
        const slack = data.mean_ceiling * reached - spent, gains = data.mean_ceiling * piece.steep - 1;
        if (gains < 0) room = Math.min(room, Math.max(0, slack / -gains));
      }
      if (room > EPS && take(piece, room) > 0) last = piece.steep;
    }
    const short = groups.map((group, g) => floors[g] - sums[g]), over = groups.map((group, g) => sums[g] - caps[g]);
    return { x, sums, caps, short, over, spent, last };
  };

  // Shares are of what is spent in the end, so the total is found by repetition; as what a share lets be spent is mostly
  // linear in the total, every third step jumps to where the last two lead (Aitken's extrapolation).
  const shares = groups.some(group => group.share_max != null || group.share_min != null);
  const settled = (budget, ceiling, fixed) => {
    let total = budget, before = null, result;
    for (let round = 0; round < 24; round++) {
      result = filled(budget, ceiling, fixed, total);
      if (!shares || Math.abs(result.spent - total) < 0.005) break;
      let next = result.spent;
      const bend = before === null ? 0 : (next - total) - (total - before);
      if (round % 3 === 2 && Math.abs(bend) > 1e-9) {
        const jump = next - (next - total) ** 2 / bend;
        if (jump >= 0 && jump <= next) next = jump;
      }
      before = total;
      total = next;
    }
    return result;
  };

  // Nothing or a minimum, and lots: what lies between is put down, the rest filled again.
  const solve = (budget, ceiling, pins) => {
    const fixed = new Map(pins);
    let result = settled(budget, ceiling, fixed);
    for (let round = 0; round < 8; round++) {
      let again = false;
      lines.forEach((line, l) => {
        if (fixed.has(l) || !line.curve) return;
        const low = line.minimum > 0 && result.x[l] > EPS && result.x[l] < line.minimum - 0.005;
        const off = line.lot > 0 && Math.abs(result.x[l] / line.lot - Math.round(result.x[l] / line.lot)) * line.lot > 0.005;
        if (low) fixed.set(l, line.low);
        else if (off) fixed.set(l, Math.max(line.low, Math.floor(result.x[l] / line.lot + 1e-7) * line.lot));
        again ||= low || off;
      });
      if (!again) break;
      result = settled(budget, ceiling, fixed);
    }
    return result;
  };

  // What a line moved by hand may have beside the other lines' least and the limits.
  const clipped = (l, wanted, pins, budget, free) => {
    const line = lines[l];
    let x = Math.min(Math.max(wanted, line.low), line.high);
    const least = other => pins.has(other) ? pins.get(other) : free ? lines[other].low : 0;
    const others = members => members.reduce((sum, other) => other === l ? sum : sum + least(other), 0);
    for (const g of memberOf[l]) {
      const group = groups[g];
      const cap = Math.min(group.max ?? Infinity, group.share_max == null ? Infinity : group.share_max * budget);
      x = Math.min(x, cap - others(group.lines));
    }
    if (free) x = Math.min(x, budget - others(lines.map((_, other) => other)));
    if (line.lot > 0) x = Math.floor(x / line.lot + 1e-7) * line.lot;
    if (x < line.minimum - EPS) x = x >= line.minimum / 2 && line.minimum <= line.high ? line.minimum : 0;
    return Math.max(line.low, x);
  };

  // Expected KPI and its 80 % range over the joint draws that the page keeps.
  const draws = Math.max(0, ...lines.map(line => line.draws.length ? line.draws[0].length : 0));
  const spread = x => {
    const totals = new Float64Array(draws || 1);
    let mean = 0;
    lines.forEach((line, l) => {
      const y = at(line, x[l]);
      mean += y;
      if (!line.draws.length) { for (let d = 0; d < totals.length; d++) totals[d] += y; return; }
      const share = line.high > 0 ? x[l] / line.high : 0;
      let node = 0;
      while (node < data.nodes.length - 2 && data.nodes[node + 1] < share) node++;
      const t = Math.min(1, Math.max(0, (share - data.nodes[node]) / (data.nodes[node + 1] - data.nodes[node])));
      const [a, b] = [line.draws[node], line.draws[node + 1]];
      for (let d = 0; d < totals.length; d++) totals[d] += y * (a[d % a.length] * (1 - t) + b[d % b.length] * t) / 1000;
    });
    totals.sort();
    const quantile = share => {
      const place = share * (totals.length - 1), low = Math.floor(place);
      return totals[low] + (place - low) * ((totals[low + 1] ?? totals[low]) - totals[low]);
    };
    return { mean, p10: Math.min(mean, quantile(0.1)), p90: Math.max(mean, quantile(0.9)) };
  };
  return { at, slope, solve, clipped, spread, memberOf, pieces };
}

(() => {
  const source = document.getElementById('wi-data');
  if (!source) return;
  const data = JSON.parse(source.textContent), engine = outlayEngine(data), lines = data.lines;
  const $ = id => document.getElementById(id), box = $('wi'), words = box.dataset, places = +words.places;
  const shaped = new Map();
  const number = (value, digits) => {
    if (!shaped.has(digits)) shaped.set(digits, new Intl.NumberFormat('en', { minimumFractionDigits: digits, maximumFractionDigits: digits }));
    const text = shaped.get(digits).format(Math.abs(value) < 0.5 * 10 ** -digits ? 0 : value);
    return text.replace('-', '−');
  };
  const signed = (value, digits) => (value >= 0.5 * 10 ** -digits ? '+' : '') + number(value, digits);
  const count = value => number(value, Math.abs(value) >= 99.95 ? 0 : 1);
  const cost = value => Number.isFinite(value) && value > 0 ? number(value, Math.max(places, 1)) : '–';
  // Where the kept draws stand beside all of them, at the plan.
  const own = engine.spread(lines.map(line => line.spend));
  const adjust = { p10: data.plan.p10 / data.plan.mean * own.mean / own.p10 || 1, p90: data.plan.p90 / data.plan.mean * own.mean / own.p90 || 1 };
  const least = engine.solve(0, null, new Map());

  const state = { budget: data.budget, ceiling: data.ceiling, pins: new Map(), free: true, x: lines.map(line => line.spend), touched: false };
  const budgetFrom = Math.ceil(Math.max(least.spent, 0.3 * Math.min(data.budget, data.plan.spent || data.budget)));
  const budgetTo = Math.max(Math.round(data.most), budgetFrom + 1);
  // The ceiling's slider is logarithmic: from a fifth to five times what the plan pays last; its end is no ceiling.
  const base = data.plan.marginal || data.budget / Math.max(1, data.plan.mean);
  const ceilingAt = step => step >= 100 ? null : base * 5 ** (step / 50 - 1);
  const stepAt = ceiling => ceiling == null ? 100 : Math.max(0, Math.min(99, Math.round(50 * (Math.log(ceiling / base) / Math.log(5) + 1))));

  const order = lines.map((_, l) => l).sort((a, b) => lines[b].spend - lines[a].spend || a - b);
  const FEW = 40;
  let wanted = '', all = lines.length <= FEW;
  const rows = new Map(), body = $('wi-table').tBodies[0];
  const put = (node, text) => { if (node.data !== text) node.data = text; };

  const make = l => {
    const line = lines[l], row = document.createElement('tr');
    const cell = (tag, kind) => { const made = document.createElement(tag); if (kind) made.className = kind; row.append(made); return made; };
    const text = (kind, tag = 'td') => cell(tag, kind).appendChild(document.createTextNode(''));
    const head = cell('th');
    head.scope = 'row';
    head.textContent = line.name;
    const slider = document.createElement('input');
    slider.type = 'range';
    slider.min = line.low;
    slider.max = line.high;
    slider.step = line.lot || Math.max((line.high - line.low) / 400, 10 ** -places);
    slider.setAttribute('aria-label', line.name);
    slider.disabled = line.high <= line.low;
    const track = cell('td', 'slide');
    track.append(slider);
    const mark = document.createElement('i');
    mark.style.left = (line.high > line.low ? 100 * (line.spend - line.low) / (line.high - line.low) : 0) + '%';
    track.append(mark);
    const made = { row, slider, spend: text('n strong'), change: text('n'), mean: text('n'), marginal: text('n'), held: text('text') };
    slider.addEventListener('input', () => pin(l, +slider.value));
    const release = () => { if (state.pins.delete(l)) solve(); };
    slider.addEventListener('dblclick', release);
    slider.addEventListener('keydown', event => { if (event.key === 'Escape' || event.key === 'Delete') release(); });
    rows.set(l, made);
    return made;
  };

  const show = () => {
    const matching = order.filter(l => wanted === '' || lines[l].name.toLocaleLowerCase().includes(wanted));
    const shown = all || wanted !== '' ? matching : matching.slice(0, FEW);
    body.replaceChildren(...shown.map(l => (rows.get(l) || make(l)).row));
    $('wi-count').textContent = shown.length < lines.length ? words2('wi-count', { shown: shown.length, all: lines.length }) : '';
    $('wi-all').hidden = all || wanted !== '' || matching.length <= FEW;
    paint(shown);
  };
  const words2 = (id, values) => Object.entries(values).reduce((text, [key, value]) => text.replace(`{${key}}`, value), $(id).dataset.of);

  const heldBy = (l, result) => {
    const line = lines[l];
    if (!line.curve) return words.nocurve;
    if (state.pins.has(l)) return words.pinned;
    if (!state.touched) return '';
    if (line.high_name && state.x[l] >= line.high - 0.01) return words.held.replace('{limit}', line.high_name);
    if (line.low_name && state.x[l] <= line.low + 0.01) return words.floor.replace('{limit}', line.low_name);
    const group = engine.memberOf[l].find(g => result && result.sums[g] >= result.caps[g] - 0.01);
    return group === undefined ? '' : words.held.replace('{limit}', data.groups[group].name);
  };
  let result = null;
  const paint = shown => {
    for (const l of shown || [...rows.keys()].filter(l => rows.get(l).row.isConnected)) {
      const line = lines[l], made = rows.get(l), x = state.x[l];
      if (document.activeElement !== made.slider || +made.slider.value !== x) made.slider.value = x;
      made.slider.setAttribute('aria-valuetext', number(x, 0));
      put(made.spend, number(x, 0));
      put(made.change, Math.abs(x - line.spend) < 0.5 ? '–' : signed(x - line.spend, 0));
      const mean = state.touched ? engine.at(line, x) : line.mean;
      put(made.mean, line.curve ? count(mean) : '–');
      const steep = engine.slope(line, x), last = state.touched ? 1 / steep : line.marginal;
      put(made.marginal, line.curve ? cost(last ?? NaN) : '–');
      const beyond = line.observed != null && x > line.observed + 0.005 && line.curve;
      put(made.held, [heldBy(l, result), beyond ? words.beyond : ''].filter(Boolean).join(' · '));
      made.row.classList.toggle('pinned', state.pins.has(l));
    }
  };

  const cards = () => {
    const spread = engine.spread(state.x), plan = data.plan;
    const spent = state.touched ? state.x.reduce((sum, x) => sum + x, 0) : plan.spent;
    const mean = state.touched ? spread.mean : plan.mean;
    const [p10, p90] = state.touched ? [Math.min(mean, spread.p10 * adjust.p10), Math.max(mean, spread.p90 * adjust.p90)] : [plan.p10, plan.p90];
    $('wi-spent').textContent = number(spent, 0);
    const left = state.budget - spent;
    $('wi-left').textContent = Math.abs(left) < 1 ? '' : (left > 0 ? words.left : words.over).replace('{amount}', number(Math.abs(left), 0));
    $('wi-mean').textContent = count(mean);
    $('wi-range').textContent = p90 > p10 ? `80%${words.colon}${count(p10)} – ${count(p90)}` : '';
    $('wi-cost').textContent = cost(spent / mean);
    $('wi-gain').textContent = signed(mean - plan.mean, Math.abs(mean - plan.mean) >= 100 ? 0 : 1);
    $('wi-gain-n').textContent = `${signed(100 * (mean / plan.mean - 1), 1)}% · ${signed(spent - plan.spent, 0)}`;
    const last = state.touched ? (result && result.last ? 1 / result.last : NaN) : plan.marginal;
    $('wi-last').textContent = cost(last);
    const broken = result ? data.groups.filter((group, g) => result.short[g] > 1 || result.over[g] > 1).map(group => group.name) : [];
    $('wi-note').textContent = broken.length ? words.target.replace('{limits}', broken.join(', ')) : state.touched ? '' : words.plan;
    $('wi-note').classList.toggle('warn', broken.length > 0);
  };

  const controls = () => {
    if (document.activeElement !== $('wi-budget')) $('wi-budget').value = state.budget;
    if (document.activeElement !== $('wi-budget-n')) $('wi-budget-n').value = Math.round(state.budget);
    $('wi-budget').setAttribute('aria-valuetext', number(state.budget, 0));
    $('wi-ceiling').value = stepAt(state.ceiling);
    const told = state.ceiling == null ? words.none : cost(state.ceiling);
    $('wi-ceiling-o').textContent = told;
    $('wi-ceiling').setAttribute('aria-valuetext', told);
  };
  const render = () => { controls(); cards(); paint(); };

  const solve = () => {
    state.touched = true;
    if (state.free) {
      result = engine.solve(state.budget, state.ceiling, state.pins);
      // a limit that lines moved by hand break is met by them
      const mend = () => {
        for (let g = 0; g < data.groups.length; g++) {
          const off = result.short[g] > 1 ? result.short[g] : result.over[g] > 1 ? -result.over[g] / (1 - (data.groups[g].share_max ?? 0)) : 0;
          const hand = off === 0 ? undefined : data.groups[g].lines.find(l => state.pins.has(l) && (off > 0 ? state.pins.get(l) < lines[l].high : state.pins.get(l) > lines[l].low));
          if (hand !== undefined) {
            state.pins.set(hand, Math.min(lines[hand].high, Math.max(lines[hand].low, state.pins.get(hand) + off)));
            return true;
          }
        }
        return false;
      };
      for (let round = 0; round < 6 && mend(); round++) result = engine.solve(state.budget, state.ceiling, state.pins);
      state.x = result.x;
    } else {
      const fixed = new Map(state.x.map((x, l) => [l, state.pins.has(l) ? state.pins.get(l) : x]));
      const total = [...fixed.values()].reduce((sum, x) => sum + x, 0);
      result = engine.solve(total, null, fixed);
      state.x = result.x;
    }
    render();
  };
  const pin = (l, value) => {
    const pins = state.free ? state.pins : new Map(state.x.map((x, other) => [other, x]));
    state.pins.set(l, engine.clipped(l, value, pins, state.budget, state.free));
    solve();
  };
  const reset = () => {
    Object.assign(state, { budget: data.budget, ceiling: data.ceiling, pins: new Map(), x: lines.map(line => line.spend), touched: false });
    result = null;
    render();
  };
  const setBudget = value => {
    if (!Number.isFinite(value)) return;
    state.budget = Math.min(Math.max(value, budgetFrom), budgetTo);
    solve();
  };

  Object.assign($('wi-budget'), { min: budgetFrom, max: budgetTo, step: Math.max(1, Math.round((budgetTo - budgetFrom) / 400)) });
  Object.assign($('wi-budget-n'), { min: budgetFrom, max: budgetTo, step: 1 });
  $('wi-budget').addEventListener('input', event => setBudget(+event.target.value));
  $('wi-budget-n').addEventListener('change', event => setBudget(+event.target.value));
  $('wi-ceiling').addEventListener('input', event => { state.ceiling = ceilingAt(+event.target.value); solve(); });
  $('wi-free').addEventListener('change', event => { state.free = event.target.checked; });
  $('wi-reset').addEventListener('click', reset);
  $('wi-filter').addEventListener('input', event => { wanted = event.target.value.toLocaleLowerCase(); show(); });
  $('wi-all').addEventListener('click', () => { all = true; show(); });
  $('wi-copy').addEventListener('click', () => window.outlayCopy($('wi-table'), $('wi-copy')));
  box.hidden = false;
  show();
  render();
  window.outlayWhatIf = { data, engine, state };
})();
