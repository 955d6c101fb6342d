"""Tiles that fail for a while come by themselves."""

from __future__ import annotations

FAILS_TWICE = """
const real = window.fetch;
const tries = new Map();
window.tileAnswers = [];
window.fetch = async (url, ...rest) => {
  if (!String(url).endsWith('.jpg')) return real(url, ...rest);
  const n = (tries.get(String(url)) ?? 0) + 1;
  tries.set(String(url), n);
  if (n < 3) { window.tileAnswers.push('no'); return new Response('', {status: 503}); }
  window.tileAnswers.push('yes');
  return real(url, ...rest);
};
"""


def test_a_tile_that_failed_twice_is_shown_in_the_end(open_editor):
    editor = open_editor(script=FAILS_TWICE)
    editor.wait_until("window.tileAnswers.includes('yes')")
    assert editor.page.evaluate("window.tileAnswers.filter((one) => one === 'no').length") >= 2
