"""What it takes to run Apache Kafka without Docker: a Java, and Kafka's jars from Maven."""

from __future__ import annotations

import re
import shutil
import subprocess
import tempfile
from pathlib import Path

from runtime.errors import DealwireError

VERSION = "4.4.0"
POM = Path(__file__).with_suffix(".pom.xml")
HOME = Path(__file__).parent.parent / ".kafka"
JARS = HOME / f"jars-{VERSION}"
JAVA_LEAST = 17
FETCH_TIMEOUT_S = 600.0


def java() -> str:
    """Return the path of a Java that runs Kafka. Raises DealwireError with the remedy."""
    remedy = f"install Java {JAVA_LEAST} or newer (Debian: apt install openjdk-17-jre-headless)"
    path = shutil.which("java")
    if path is None:
        raise DealwireError(f"Apache Kafka needs Java, and there is no `java` here: {remedy}")
    told = subprocess.run([path, "-version"], capture_output=True, text=True, check=False).stderr
    version = re.search(r'version "(\d+)', told)
    if version is None or int(version[1]) < JAVA_LEAST:
        raise DealwireError(
            f"{path} is too old for Apache Kafka {VERSION} "
            f"({told.splitlines()[0] if told else 'it tells no version'}): {remedy}"
        )
    return path


def fetch_jars() -> Path:
    """Return the folder with Kafka's jars, fetched by Maven the first time.

    Raises DealwireError with the remedy.
    """
    if JARS.is_dir():
        return JARS
    maven = shutil.which("mvn")
    if maven is None:
        raise DealwireError(
            "Apache Kafka's jars are fetched by Maven, and there is no `mvn` here: install it "
            "(Debian: apt install maven), or use `docker compose up`, or `dealwire demo`, which "
            "needs neither"
        )
    HOME.mkdir(exist_ok=True)
    # Made whole before it has its name: an interrupted copy is not taken for all of them.
    with tempfile.TemporaryDirectory(dir=HOME) as folder:
        whole = Path(folder) / "jars"
        goal = ["dependency:copy-dependencies", "-DincludeScope=runtime"]
        command = [maven, "-B", "-q", "-f", str(POM), *goal, f"-DoutputDirectory={whole}"]
        try:
            done = subprocess.run(
                command, capture_output=True, text=True, timeout=FETCH_TIMEOUT_S, check=False
            )
        except subprocess.TimeoutExpired as error:
            raise DealwireError(f"Maven took longer than {FETCH_TIMEOUT_S:.0f} s") from error
        if done.returncode:
            raise DealwireError(
                "Maven cannot fetch Apache Kafka's jars; is the network there, and does Maven "
                f"know a proxy (~/.m2/settings.xml)?\n{(done.stdout + done.stderr)[-2000:]}"
            )
        try:
            whole.rename(JARS)
        except OSError:
            if not JARS.is_dir():  # else somebody was faster
                raise
    return JARS
