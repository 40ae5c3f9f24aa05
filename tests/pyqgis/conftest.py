"""The session in QGIS runs under the Python of the system: the tests of this environment do not import it."""

collect_ignore = ["session.py"]
