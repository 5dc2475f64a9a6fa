"""Where every history begins, and the names that it is told with."""

from hypothesis import strategies as st

from tests.isolation.world import VISIBILITIES, Actor, Document, Invitation, Product, World

PEOPLE = ("ann", "bob", "cat", "dan", "eve")
ACTORS = {
    **{name: Actor(name, demoted=name == "eve") for name in PEOPLE},
    "sam": Actor("sam", staff=True),
    "anonymous": Actor("anonymous", role="anon"),
}
WORKER = Actor("worker", role="tidegate_worker")
ORGANIZATIONS = ("harbour", "meadow", "club")
PROBES_A_STEP = 24
TITLES = ("diary", "draft", "minutes", "leaflet", "plan")
LETTERS = ("letter", "card", "note", "slip")

actors = st.sampled_from([*ACTORS])
people = st.sampled_from(PEOPLE)
organizations = st.sampled_from(ORGANIZATIONS)
places = st.sampled_from([None, *ORGANIZATIONS])
titles = st.sampled_from(TITLES)
letters = st.sampled_from(LETTERS)
ADDRESSEE = "the addressee"
readers = st.sampled_from([*[ADDRESSEE] * 8, *ACTORS])
addressees = st.tuples(st.sampled_from(["person", "email_of"]), people)
visibilities = st.sampled_from(VISIBILITIES)


def opening() -> World:
    """Where every history begins."""
    w = World(people={*PEOPLE, "sam"}, staff={"sam"}, creators={"harbour": "ann", "meadow": "eve"})
    w.publishers = {"meadow"}
    w.memberships = {
        ("harbour", "ann"): "owner",
        ("harbour", "bob"): "admin",
        ("harbour", "cat"): "editor",
        ("harbour", "dan"): "owner",
        ("meadow", "eve"): "owner",
        ("meadow", "cat"): "viewer",
    }
    w.documents = {
        "diary": Document("ann", None, "private", passages=True, file=True),
        "draft": Document("cat", "harbour", "private", passages=True),
        "minutes": Document("bob", "harbour", "organization", passages=True, file=True),
        "leaflet": Document("eve", "meadow", "public", passages=True, job=True, file=True),
    }
    w.shares = {("draft", "dan"), ("minutes", "cat"), ("diary", "eve")}
    w.invitations = {
        "letter": Invitation("bob", "harbour", "editor", person="eve"),
        "card": Invitation("bob", document="minutes", email_of="eve"),
    }
    w.products = {"lamp": Product(active=True, passages=True), "oil": Product(active=False, passages=True)}
    w.orders = {"ann's order": "ann", "bob's order": "bob", "old order": None}
    w.interactions = {("ann", "lamp", "view"), ("ann", "oil", "cart"), ("eve", "lamp", "purchase")}
    return w
