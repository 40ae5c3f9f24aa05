"""Firefox shows the page too, without a network (U24)."""

import shutil
import subprocess
from pathlib import Path

import pytest
from PIL import Image

ADVICE = "no firefox found: install it with  apt-get install firefox-esr"


@pytest.mark.parametrize("name", ["demo", "large"])
def test_firefox_paints_the_page_offline(name: str, tmp_path: Path, request: pytest.FixtureRequest) -> None:
    page: Path = request.getfixturevalue(name)
    firefox = shutil.which("firefox-esr") or shutil.which("firefox")
    if not firefox:
        pytest.fail(ADVICE, pytrace=False)
    picture = tmp_path / "firefox.png"
    profile = tmp_path / "profile"
    profile.mkdir()
    # A proxy that is not there: nothing can leave the machine.
    (profile / "user.js").write_text(
        'user_pref("network.proxy.type", 1);\n'
        'user_pref("network.proxy.socks", "127.0.0.1");\n'
        'user_pref("network.proxy.socks_port", 9);\n'
        'user_pref("datareporting.policy.dataSubmissionEnabled", false);\n',
        encoding="utf-8",
    )
    command = [firefox, "--headless", "--no-remote", "--profile", str(profile)]
    subprocess.run(
        [*command, "--window-size=1000,700", "--screenshot", str(picture), page.as_uri()],
        capture_output=True,
        timeout=90,
        check=True,
    )
    with Image.open(picture) as shot:
        assert shot.width == 1000
        assert shot.height >= 700
        # A blank or failed page has a handful of colours; land, sea, classes and smooth text have many.
        assert len(shot.convert("RGB").getcolors(1_000_000)) > 100
