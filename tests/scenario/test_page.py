#!/usr/bin/env python3
"""The page of `quorumlab report --html` in a browser: no errors, all there, a click tells why, keys work.

Needs Debian's chromium, chromium-driver and python3-selenium; without them it says so and is skipped."""

import argparse
import pathlib
import subprocess
import sys
import tempfile

SOURCE = pathlib.Path(__file__).resolve().parent.parent.parent
CHROMIUM, DRIVER = pathlib.Path("/usr/bin/chromium"), pathlib.Path("/usr/bin/chromedriver")
SKIPPED = 77


def browser(profile):
    from selenium import webdriver
    from selenium.webdriver.chrome.service import Service

    options = webdriver.ChromeOptions()
    options.binary_location = str(CHROMIUM)
    for flag in ("--headless=new", "--no-sandbox", "--disable-gpu", "--window-size=1400,1000", f"--user-data-dir={profile}"):
        options.add_argument(flag)
    options.set_capability("goog:loggingPrefs", {"browser": "ALL"})
    return webdriver.Chrome(service=Service(str(DRIVER)), options=options)


def look(driver, page):
    from selenium.webdriver.common.by import By
    from selenium.webdriver.common.keys import Keys

    driver.get(page.as_uri())
    find = lambda css: driver.find_elements(By.CSS_SELECTOR, css)  # noqa: E731
    body = find("body")[0]
    events = find("#ladder .ev")
    text = page.read_text()
    assert len(events) == text.count('class="ev '), "every event is in the document"
    assert len(find(".msg")) == text.count('<g class="msg '), "every message is in the document"
    assert find("#overview .strip.no"), "the quorum is lost somewhere"

    # A click on an event opens the chain of its causes, the newest first.
    leads = next(e for e in events if "leads in term" in e.text)
    driver.execute_script("arguments[0].dispatchEvent(new MouseEvent('click', {bubbles: true}))", leads)
    chain = [li.text for li in find("#chain li")]
    assert "leads in term 1" in chain[0] and len(chain) > 3, chain
    assert any("sends" in line and "RequestVote term 1" in line for line in chain), chain
    body.send_keys(Keys.ESCAPE)
    assert not find("#why")[0].is_displayed(), "Esc closes it"

    # Bookmarks one after the other, then the next event, then its cause.
    for _ in range(2):
        body.send_keys("n")
    assert "Slide 21" in find("#ladder .remark.on")[0].text
    body.send_keys("j")
    body.send_keys(Keys.ENTER)
    assert find("#ladder .ev.on") and find("#why")[0].is_displayed()

    # A search dims what it does not find.
    body.send_keys(Keys.ESCAPE)
    body.send_keys("/")
    find("#search")[0].send_keys("crash")
    dimmed = find("#ladder .ev.miss")
    assert 0 < len(dimmed) < len(events), len(dimmed)
    assert f"of {len(events)}" in find("#found")[0].text
    errors = [entry for entry in driver.get_log("browser") if entry["level"] == "SEVERE"]
    assert not errors, errors


def fits(driver):
    """In a narrow window, too, every word can be reached and the names of the hosts stay."""
    for width in (420, 1300):
        size = {"width": width, "height": 900, "deviceScaleFactor": 1, "mobile": False}
        driver.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", size)
        reached, widest, overview, top = driver.execute_script("""
          scrollTo(document.documentElement.scrollWidth, 1500);
          var right = function (e) { return e.getBoundingClientRect().right; };
          var texts = Array.from(document.querySelectorAll('#ladder text, .heads text')), box = document.querySelector('.overview');
          box.scrollLeft = box.scrollWidth;
          return [document.documentElement.clientWidth, Math.max.apply(null, texts.map(right)),
                  right(document.querySelector('#overview')) - right(box), document.querySelector('.heads').getBoundingClientRect().top];""")
        assert widest <= reached, f"{width} px: words end at {widest}, the page at {reached}"
        assert overview <= 1, f"{width} px: the overview is cut by {overview}"
        assert top == 0, f"{width} px: the heads are at {top}"
        driver.execute_script("scrollTo(0, 0)")


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--tool", required=True)
    tool = parser.parse_args().tool
    try:
        import selenium  # noqa: F401
    except ImportError:
        selenium = None
    if not (CHROMIUM.exists() and DRIVER.exists() and selenium):
        print("skipped: no browser here (Debian: chromium chromium-driver python3-selenium)")
        sys.exit(SKIPPED)
    with tempfile.TemporaryDirectory() as name:
        page = pathlib.Path(name) / "quorum.html"
        subprocess.run([tool, "report", str(SOURCE / "scenarios/talk/quorum.scenario.json"), "--html", "-o", str(page)], check=True)
        driver = browser(pathlib.Path(name) / "profile")
        try:
            look(driver, page)
            fits(driver)
        finally:
            driver.quit()
    print("the page shows what happened and why")


if __name__ == "__main__":
    main()
