"use strict";
(() => {
  const $ = (selector, from = document) => from.querySelector(selector);
  const all = (selector, from = document) => [...from.querySelectorAll(selector)];

  // --- players: one at a time, and links into the film move the player that is on the page

  document.addEventListener("play", event => {
    all("audio, video").forEach(each => { if (each !== event.target) each.pause(); });
  }, true);

  const player = $("#player"), other = $(".described a");
  const withDescriptions = () => other?.getAttribute("aria-pressed") === "true";
  const start = link => Number(withDescriptions() ? link.dataset.described : link.dataset.start);
  const end = link => Number(withDescriptions() ? link.dataset.describedEnd : link.dataset.end);
  if (player) {
    all("[data-start]").forEach(link => link.addEventListener("click", event => {
      event.preventDefault();
      player.currentTime = start(link) + 0.001;
      player.play().catch(() => {});
      player.scrollIntoView({ block: "center" });
    }));
    player.addEventListener("timeupdate", () => all(".strip a").forEach(link => {
      const on = player.currentTime >= start(link) && player.currentTime < end(link);
      on ? link.setAttribute("aria-current", "true") : link.removeAttribute("aria-current");
    }));
  }

  // --- the film that waits for what its pictures show to be spoken, in the same player, from the same segment on

  if (other) {
    const captions = $("track[kind=captions]", player), plain = [player.getAttribute("src"), captions?.src];
    const swap = () => {
      const at = all(".strip a").findLast(link => player.currentTime >= start(link)), playing = !player.paused;
      const on = !withDescriptions();
      other.setAttribute("aria-pressed", on);
      player.src = on ? other.getAttribute("href") : plain[0];
      if (captions) captions.src = on ? captions.dataset.described : plain[1];
      player.addEventListener("loadedmetadata", () => {
        if (at) player.currentTime = start(at) + 0.001;
        if (playing) player.play().catch(() => {});
      }, { once: true });
      player.dispatchEvent(new Event("described"));
    };
    other.setAttribute("role", "button");
    other.setAttribute("aria-pressed", "false");
    other.addEventListener("click", event => { event.preventDefault(); swap(); });
    other.addEventListener("keydown", event => { if (event.key === " ") { event.preventDefault(); swap(); } });
  }

  // --- what the pictures show, for screen readers and whoever wants to read it

  const described = $(".describe");
  if (described) {
    const track = [...player.textTracks].find(each => each.kind === "descriptions");
    const [wanted, said] = [$("input", described), $("[role=status]", described)];
    const tell = () => {
      said.textContent = wanted.checked && !withDescriptions() ? track.activeCues?.[0]?.text ?? "" : "";
    };
    track.mode = "hidden";
    player.addEventListener("described", () => { described.hidden = withDescriptions(); tell(); });
    track.addEventListener("cuechange", tell);
    wanted.addEventListener("change", tell);
    described.hidden = false;
  }

  // --- words that differ: the longest common subsequence of two texts' words

  const words = (text, language) => globalThis.Intl?.Segmenter
    ? [...new Intl.Segmenter(language || "en", { granularity: "word" }).segment(text)].map(each => each.segment)
    : text.split(/(\s+)/);

  function kept(a, b) {
    const width = b.length + 1, best = new Uint32Array((a.length + 1) * width);
    for (let i = a.length - 1; i >= 0; i--) for (let j = b.length - 1; j >= 0; j--)
      best[i * width + j] = a[i] === b[j] ? best[(i + 1) * width + j + 1] + 1
        : Math.max(best[(i + 1) * width + j], best[i * width + j + 1]);
    const [inA, inB] = [new Set(), new Set()];
    for (let i = 0, j = 0; i < a.length && j < b.length;) {
      if (a[i] === b[j]) { inA.add(i++); inB.add(j++); }
      else if (best[(i + 1) * width + j] >= best[i * width + j + 1]) i++;
      else j++;
    }
    return [inA, inB];
  }

  function paint(element, parts, stays, tag) {
    // A space between two words that changed changes with them.
    const between = i => !parts[i].trim() && i > 0 && i < parts.length - 1 && !stays.has(i - 1) && !stays.has(i + 1);
    const kept = parts.map((_, i) => stays.has(i) && !between(i));
    element.replaceChildren();
    for (let i = 0; i < parts.length;) {
      const same = kept[i];
      let text = "";
      while (i < parts.length && kept[i] === same) text += parts[i++];
      const node = same ? document.createTextNode(text) : document.createElement(tag);
      if (!same) node.textContent = text;
      element.append(node);
    }
  }

  function mark(pair) {
    for (const slot of ["text", "prompt"]) {
      const [before, after] = all(`[data-slot=${slot}]`, pair);
      if (!before || !after || before.textContent === after.textContent) continue;
      const [a, b] = [before, after].map(each => words(each.textContent, each.lang));
      if (a.length * b.length > 4e6) continue;
      const [inA, inB] = kept(a, b);
      paint(before, a, inA, "del");
      paint(after, b, inB, "ins");
    }
  }

  all("[data-pair]").forEach(mark);

  // --- two revisions side by side

  const told = $("#told") && JSON.parse($("#told").textContent);
  if (!told) return;
  const [form, verdict] = [$(".chooser"), $("#verdict")];
  const picture = id => $(`[data-picture="${id}"]`)?.src;

  function fill(side, revision, scene) {
    const slot = name => $(`[data-slot=${name}]`, side);
    slot("which").textContent = told.revisions[revision].name;
    if (!scene) {
      all("[data-slot]:not([data-slot=which])", side).forEach(each => each.remove());
      const absent = document.createElement("p");
      absent.className = "absent";
      absent.textContent = "There is no such segment.";
      side.append(absent);
      return;
    }
    const src = scene.picture && picture(scene.picture);
    slot("figure").hidden = !src;
    slot("unshown").hidden = !scene.picture || !!src;
    if (src) slot("picture").src = src;
    slot("picture").alt = scene.alt;
    for (const name of ["text", "prompt", "by"]) slot(name).textContent = scene[name];
    const [voice, sound] = [slot("voice"), told.sounds[scene.narration]];
    voice.hidden = !sound;
    if (sound) voice.src = sound;
    voice.setAttribute("aria-label", `Narration in ${told.revisions[revision].name}`);
  }

  function differing(a, b) {
    if (!a) return "new";
    if (!b) return "gone";
    return [["picture", "picture"], ["text", "text"], ["prompt", "prompt"], ["narration", "voice"]]
      .filter(([field]) => a[field] !== b[field]).map(([, word]) => word).join(", ");
  }

  function pairOf(number, older, newer) {
    const [a, b] = [older, newer].map(each => told.scenes[told.revisions[each].scenes[number]]);
    const pair = $("#pair").content.firstElementChild.cloneNode(true);
    $("[data-slot=number]", pair).textContent = `Segment ${number}`;
    $("[data-slot=differs]", pair).textContent = differing(a, b);
    const [left, right] = all("[data-side]", pair);
    fill(left, older, a);
    fill(right, newer, b);
    mark(pair);
    return pair;
  }

  function inputRows(older, newer) {
    const [a, b] = [older, newer].map(each => told.revisions[each].inputs);
    return told.names.map((_, place) => place).filter(place => a[place] !== b[place]).map(place => {
      const row = document.createElement("tr");
      const cells = [told.names[place], ...[a, b].map(each => told.values[each[place]] ?? "not set")];
      cells.forEach((text, column) => {
        const cell = document.createElement(column ? "td" : "th");
        column ? cell.dir = "auto" : cell.scope = "row";
        cell.textContent = text;
        row.append(cell);
      });
      return row;
    });
  }

  function compare() {
    const [older, newer] = [Number(form.elements.older.value), Number(form.elements.newer.value)];
    const [a, b] = [older, newer].map(each => told.revisions[each].scenes);
    const numbers = [...Array(Math.max(a.length, b.length)).keys()].filter(number => a[number] !== b[number]);
    const rows = inputRows(older, newer), same = Math.max(a.length, b.length) - numbers.length;
    const count = (number, noun) => `${number} ${noun}${number === 1 ? "" : "s"}`;
    verdict.textContent = older === newer ? "Choose two different revisions."
      : `${count(rows.length, "setting")} and ${count(numbers.length, "segment")} differ${same ? `; ${count(same, "segment")} ${same === 1 ? "is" : "are"} the same` : ""}.`;
    $("#inputs").hidden = !rows.length;
    $("#inputs [data-slot=older]").textContent = told.revisions[older].name;
    $("#inputs [data-slot=newer]").textContent = told.revisions[newer].name;
    $("#inputs [data-slot=rows]").replaceChildren(...rows);
    $("#pairs").replaceChildren(...numbers.map(number => pairOf(number, older, newer)));
  }

  form.hidden = false;
  form.addEventListener("change", compare);
  compare();
})();
