from __future__ import annotations
from pathlib import Path
from domain.operators import Role
from tests.console.serving import COOKIE
from tests.replaying.pile import pile, frozen
from workers.store.letter_filters import Wanted
OUT = Path("/tmp/pay/con2/shots"); OUT.mkdir(exist_ok=True)

def test_shots(console, person, scene):
    token = console.signed_in("ada", Role.OPERATOR).token
    letter_id = scene.value("SELECT id FROM dead_letters WHERE reference = 'ORD-20OO'")
    one = person(size=(1180, 820)); one.carry(COOKIE, token)
    one.page.goto("/"); one.shoot(OUT / "doc-overview.png")
    one.page.goto("/payments/ORD-1500"); one.shoot(OUT / "doc-payment.png")
    one.page.goto(f"/dead-letters/{letter_id}"); one.shoot(OUT / "letter2.png")
    pile(scene, 600, first=5000, fingerprint="big", unreadable=[5100, 5130])
    done = frozen(scene, Wanted(fingerprint="big"), rate_per_s=40, canary=1, max_failures=60)
    dark = person(size=(1180, 820), dark=True); dark.carry(COOKIE, token)
    dark.page.goto(f"/replays/{done.replay_id}"); dark.page.wait_for_timeout(8000)
    dark.page.screenshot(path=OUT / "doc-replay.png")
