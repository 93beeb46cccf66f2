/** The page, from its template and the harbours it is about. */
export function renderPage(template, harbours) {
  const sorted = harbours.toSorted((one, other) => one.name.localeCompare(other.name));
  const berths = harbours.reduce((sum, harbour) => sum + harbour.berths, 0);
  const parts = {
    summary: `${harbours.length} harbours with ${berths} berths, sounded and noted by hand.`,
    cards: sorted.map(renderCard).join("\n        "),
  };
  return template.replace(/\{\{(\w+)\}\}/g, (_, name) => parts[name]);
}

function renderCard({ name, berths, depthMetres, note }) {
  return `<li data-name="${escapeHtml(name)}" data-berths="${berths}" data-depth="${depthMetres}">
          <h2>${escapeHtml(name)}</h2>
          <p>${escapeHtml(note)}</p>
          <dl>
            <div><dt>Berths</dt><dd>${berths}</dd></div>
            <div><dt>Depth</dt><dd>${depthMetres.toFixed(1)} m</dd></div>
          </dl>
        </li>`;
}

function escapeHtml(text) {
  return text.replace(/[&<>"']/g, (character) => `&#${character.charCodeAt(0)};`);
}
