const list = document.querySelector("#harbours");
const order = document.querySelector("#order");

order.addEventListener("change", () => {
  const cards = [...list.children];
  const compare =
    order.value === "name"
      ? (one, other) => one.dataset.name.localeCompare(other.dataset.name)
      : (one, other) => Number(other.dataset[order.value]) - Number(one.dataset[order.value]);
  list.append(...cards.sort(compare));
});
