// Counts the access token's life down, and asks the server how it stands. No token ever comes here.
"use strict";

(() => {
  // Back or forward to a page from memory: ask the server what is true now.
  addEventListener("pageshow", (event) => event.persisted && location.reload());

  // The provider sends the browser back from a logout with a state that says nothing here.
  if (location.pathname === "/" && location.search) history.replaceState(null, "", "/");

  const life = document.querySelector("[data-life]");
  if (!life) return;
  const find = (selector) => document.querySelector(selector);
  const [number, seconds, unit] = ['[data-testid="token-number"]', '[data-testid="expires-in"]', "[data-unit]"].map(find);
  const [hand, state, notice, log, refreshes] =
    ["[data-hand]", "[data-state]", "[data-notice]", "[data-log]", "[data-refreshes]"].map(find);
  const margin = Number(life.dataset.margin);
  let lifetime = Number(life.dataset.lifetime);
  let end = null; // on performance.now()'s clock; null: the provider does not say
  let seen = 0;
  let away = ""; // who does not answer
  let over = false;
  let timer;

  const clock = (date) => date.toLocaleTimeString([], { hour: "2-digit", minute: "2-digit", second: "2-digit", hourCycle: "h23" });
  const left = () => (end === null ? Infinity : Math.max(0, end - performance.now()));
  const stale = () => left() <= Math.min(margin, lifetime / 2);

  function note(text, date = new Date()) {
    const entry = document.createElement("li");
    const time = document.createElement("time");
    const words = document.createElement("span");
    time.textContent = clock(date);
    words.textContent = text;
    entry.append(time, words);
    log.prepend(entry);
    while (log.children.length > 5) log.lastChild.remove();
  }

  function show() {
    if (end === null) {
      unit.textContent = "no end known";
      return;
    }
    const whole = Math.ceil(left() / 1000);
    if (seconds.textContent !== String(whole)) seconds.textContent = whole;
    unit.textContent = whole === 1 ? "second left" : "seconds left";
    const part = lifetime ? Math.min(1, left() / lifetime) * 100 : 0;
    // A round cap would leave a dot where nothing is left.
    hand.setAttribute("stroke-dasharray", `${part} 100`);
    hand.setAttribute("visibility", part > 0 ? "visible" : "hidden");
    life.classList.toggle("stale", stale());
    state.textContent = away ? "still signed in" : stale() ? "about to be refreshed" : "fresh";
  }

  function take(session) {
    if (away) {
      note(`${away} is back`.toLowerCase());
      away = "";
      notice.hidden = true;
    }
    if (session.expires_in_ms === null) {
      end = null;
    } else {
      end = performance.now() + session.expires_in_ms;
      lifetime = Math.max(lifetime, session.expires_in_ms);
    }
    if (session.token_number !== number.textContent) {
      seen += 1;
      number.textContent = session.token_number;
      refreshes.textContent = seen === 1 ? "once, while you watched" : `${seen} times, while you watched`;
      note(`refreshed: ${session.token_number}`);
      life.classList.remove("renewed");
      void life.offsetWidth; // starts the animation over
      life.classList.add("renewed");
    }
    for (const claim of session.claims) {
      const cell = find(`[data-claim="${CSS.escape(claim.name)}"]`);
      if (cell) cell.textContent = claim.value;
    }
    show();
  }

  const REASONS = {
    logout: "You signed out, perhaps in another tab.",
    replaced: "You signed in again, perhaps in another tab.",
    refresh_refused: "The provider no longer honours your session.",
    refresh_lost: "A refresh was lost on its way, and the provider takes no token twice.",
    provider_mismatch: "The provider answered for someone else; nothing of it was kept.",
    idle: "Nobody used the session for a long time.",
    too_old: "The session reached its greatest age.",
    token_expired: "The access token is over, and there is no refresh token.",
    no_session: "There is no session in this browser any more.",
    unknown_session: "The server does not know this session; perhaps it was started anew.",
  };

  function signedOut(problem) {
    over = true;
    clearTimeout(timer);
    for (const part of document.querySelectorAll("[data-signed-in]")) part.remove();
    find("[data-reason]").textContent = Object.hasOwn(REASONS, problem.reason) ? REASONS[problem.reason] : "The session ended.";
    const link = find("[data-login]");
    const login = typeof problem.login_url === "string" ? problem.login_url : "";
    if (/^\/(?![/\\])/.test(login)) link.href = login;
    link.dataset.testid = "sign-in";
    notice.hidden = true;
    find("[data-ended]").hidden = false;
    document.title = "authsession";
  }

  function noAnswer(who) {
    if (away !== who) note(`${who} is away`.toLowerCase());
    away = who;
    notice.textContent = `${who} is away. You are still signed in; this page tries again by itself.`;
    notice.hidden = false;
    show();
  }

  // Seldom while the token is fresh, at once when a refresh is due, every second until it is there.
  function wait(retryAfter) {
    if (retryAfter) return retryAfter * 1000;
    if (stale()) return 1000;
    return Math.min(15000, Math.max(250, left() - Math.min(margin, lifetime / 2)));
  }

  async function ask() {
    clearTimeout(timer);
    let retryAfter = 0;
    try {
      const answer = await fetch("/session", { headers: { accept: "application/json" }, cache: "no-store" });
      if (over) return;
      if (answer.status === 401) return signedOut(await answer.json());
      if (answer.ok) take(await answer.json());
      else {
        retryAfter = Math.min(30, Number(answer.headers.get("retry-after")) || 3);
        noAnswer("The provider");
      }
    } catch {
      if (over) return;
      retryAfter = 3;
      noAnswer("This application");
    }
    if (!document.hidden) timer = setTimeout(ask, wait(retryAfter));
  }

  const outage = find("[data-outage]");
  outage?.addEventListener("submit", async (event) => {
    event.preventDefault();
    const gone = outage.getAttribute("action") === "/provider/away";
    await fetch(outage.action, { method: "POST", redirect: "manual" });
    outage.setAttribute("action", gone ? "/provider/back" : "/provider/away");
    outage.querySelector("button").textContent = gone ? "Bring the provider back" : "Take the provider away";
    note(gone ? "you took the provider away" : "you brought the provider back");
    if (!gone) ask();
  });

  for (const time of document.querySelectorAll("time[data-at]")) {
    const date = new Date(Number(time.dataset.at));
    time.dateTime = date.toISOString();
    time.title = time.textContent;
    time.textContent = date.toLocaleString([], { dateStyle: "medium", timeStyle: "short" });
  }
  if (life.dataset.left) end = performance.now() + Number(life.dataset.left);
  note(`opened with ${number.textContent}`);
  show();
  setInterval(() => over || show(), 200);
  timer = setTimeout(ask, wait(0));
  document.addEventListener("visibilitychange", () => over || document.hidden || ask());
})();
