"use strict";
(() => {
  const box = document.getElementById("search"), count = document.getElementById("count");
  const cards = [...document.querySelectorAll(".card")], groups = [...document.querySelectorAll(".family")];
  const bare = text => text.toLowerCase().replace(/[-_]/g, "");
  const texts = cards.map(card => card.dataset.text + " " + bare(card.dataset.text));
  const filter = () => {
    const words = box.value.toLowerCase().split(/\s+/).filter(Boolean);
    let visible = 0;
    cards.forEach((card, i) => {
      const fits = words.every(word => texts[i].includes(word) || texts[i].includes(bare(word) || word));
      card.hidden = !fits;
      visible += fits;
    });
    groups.forEach(group => { group.hidden = !group.querySelector(".card:not([hidden])"); });
    count.textContent = words.length ? `${visible} of ${cards.length} functions` : `${cards.length} functions`;
  };
  const unfold = () => {
    const card = location.hash && document.getElementById(decodeURIComponent(location.hash.slice(1)));
    if (card && card.matches(".card")) { card.open = true; card.scrollIntoView(); }
  };
  document.getElementById("find").hidden = false;
  box.addEventListener("input", filter);
  document.getElementById("find").addEventListener("submit", event => event.preventDefault());
  addEventListener("hashchange", unfold);
  filter();
  unfold();
})();
