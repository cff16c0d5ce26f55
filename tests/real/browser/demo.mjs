// A person's browser at the demo: sign in, stay signed in, sign out. Run with `node --test demo.mjs`, against the demo at BASE.
import assert from 'node:assert/strict';
import fs from 'node:fs';
import path from 'node:path';
import { after, before, test } from 'node:test';
import { chromium } from 'playwright-core';

const BASE = new URL(process.env.BASE ?? 'http://127.0.0.1:8080');
const SHOTS = process.env.SHOTS; // a folder for screenshots; none are made without it
const RENEWAL_SECONDS = Number(process.env.RENEWAL_SECONDS ?? 120); // the longest a token may live before it must be renewed
const STEP_MS = 15_000;

let browser;

before(async () => {
  browser = await chromium.launch({
    executablePath: process.env.CHROMIUM ?? '/usr/bin/chromium',
    args: [
      '--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run',
      '--disable-background-networking', '--disable-component-update', '--disable-sync',
    ],
  });
});

after(() => browser?.close());

// A new person with no cookies, and everything that went wrong on any of their pages.
async function withVisitor(options, visit) {
  const context = await browser.newContext(options);
  context.setDefaultTimeout(STEP_MS);
  const problems = [];
  context.on('weberror', (error) => problems.push(`script: ${error.error()}`));
  context.on('response', (response) => {
    if (response.request().isNavigationRequest() && response.status() >= 400) {
      problems.push(`${response.status()} ${new URL(response.url()).pathname}`);
    }
  });
  try {
    await visit(context);
    assert.deepEqual(problems, [], 'pages that failed');
  } finally {
    await context.close();
  }
}

const who = (page) => page.getByTestId('who');
const signIn = (page) => page.getByTestId('sign-in');
const alice = (page) => page.getByRole('button', { name: /Continue as Alice/ });
const number = async (locator) => Number.parseInt((await locator.textContent()).replace(/\D+/g, ''), 10);

async function openLoginPage(page) {
  await page.goto(BASE.href);
  await signIn(page).click();
  await alice(page).waitFor();
}

async function continueAsAlice(page) {
  await alice(page).click();
  await who(page).waitFor();
  assert.equal(new URL(page.url()).origin, BASE.origin);
}

async function signedIn(context) {
  const page = await context.newPage();
  await openLoginPage(page);
  await continueAsAlice(page);
  return page;
}

async function signOut(page) {
  await page.getByTestId('sign-out').click();
  await signIn(page).waitFor();
  assert.equal(new URL(page.url()).origin, BASE.origin);
}

// Presses Back until a page of the demo shows, and returns how often that took.
async function goBackToTheDemo(page) {
  for (let presses = 1; presses <= 5; presses += 1) {
    await page.goBack();
    if (new URL(page.url()).origin === BASE.origin) return presses;
  }
  return assert.fail('Back never came to a page of the demo');
}

test('a person signs in and sees who they are', () => withVisitor({}, async (context) => {
  const page = await signedIn(context);
  assert.match(await who(page).textContent(), /Alice/);
  assert.match(await page.getByTestId('claims').textContent(), /\bsub\b/);
  assert.ok((await number(page.getByTestId('expires-in'))) > 0);
  assert.doesNotMatch(page.url(), /[?&](code|state)=/);
}));

test('the access token is renewed while the page stays open', { timeout: (RENEWAL_SECONDS + 60) * 1000 }, () =>
  withVisitor({}, async (context) => {
    const page = await signedIn(context);
    const first = await page.getByTestId('token-number').textContent();
    await page.evaluate(() => { globalThis.notReloaded = true; });

    const lowest = await page.waitForFunction(
      (before) => {
        const text = (id) => document.querySelector(`[data-testid="${id}"]`)?.textContent ?? '';
        const seconds = Number.parseInt(text('expires-in').replace(/\D+/g, ''), 10);
        if (text('token-number') === before) {
          globalThis.lowestSeconds = Math.min(globalThis.lowestSeconds ?? seconds, seconds);
          return false;
        }
        return { before: globalThis.lowestSeconds, after: seconds };
      },
      first,
      { timeout: RENEWAL_SECONDS * 1000, polling: 100 },
    );
    const seconds = await lowest.jsonValue();

    assert.ok(seconds.after > seconds.before, `the countdown starts again: ${JSON.stringify(seconds)}`);
    assert.equal(await page.evaluate(() => globalThis.notReloaded), true, 'the page was reloaded');
    assert.match(await who(page).textContent(), /Alice/);
  }));

test('two tabs that sign in at once both end signed in', () => withVisitor({}, async (context) => {
  const [left, right] = await Promise.all([context.newPage(), context.newPage()]);
  await Promise.all([openLoginPage(left), openLoginPage(right)]);

  await Promise.all([continueAsAlice(left), continueAsAlice(right)]);

  for (const page of [left, right]) {
    await page.reload();
    await who(page).waitFor();
  }
}));

test('back after signing in shows no error and the person stays signed in', () => withVisitor({}, async (context) => {
  const page = await signedIn(context);

  await goBackToTheDemo(page);
  await page.reload();

  await who(page).waitFor();
}));

test('a login page gone back to can be used once more', () => withVisitor({}, async (context) => {
  const page = await signedIn(context);

  await page.goBack();
  if (await alice(page).isVisible()) await continueAsAlice(page);

  await page.goto(BASE.href);
  await who(page).waitFor();
}));

test('signing out ends the session and back does not bring it back', () => withVisitor({}, async (context) => {
  const page = await signedIn(context);

  await signOut(page);
  assert.equal(await who(page).count(), 0);

  await goBackToTheDemo(page);
  await signIn(page).waitFor();
  assert.equal(await who(page).count(), 0);
}));

test('a person who signed out can sign in again', () => withVisitor({}, async (context) => {
  const page = await signedIn(context);
  await signOut(page);
  await openLoginPage(page);
  await continueAsAlice(page);
}));

const SCREENS = { phone: { width: 390, height: 844 }, desktop: { width: 1280, height: 800 } };

for (const colorScheme of ['light', 'dark']) {
  for (const [screen, viewport] of Object.entries(SCREENS)) {
    test(`no page is wider than a ${screen}'s ${colorScheme} screen`, () => withVisitor({ colorScheme, viewport }, async (context) => {
      const page = await context.newPage();
      const look = async (name) => {
        const wider = await page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth);
        if (SHOTS) {
          fs.mkdirSync(SHOTS, { recursive: true });
          await page.screenshot({ path: path.join(SHOTS, `${name}-${screen}-${colorScheme}.png`), fullPage: true });
        }
        assert.ok(wider <= 0, `${name} is ${wider} px too wide`);
      };
      await page.goto(BASE.href);
      await signIn(page).waitFor();
      await look('signed-out');
      await signIn(page).click();
      await alice(page).waitFor();
      await look('login');
      await continueAsAlice(page);
      await look('signed-in');
    }));
  }
}
