from __future__ import annotations

import json

import pytest

from annotations.actions.classes import (
    KEYS,
    MAX_CLASSES,
    PALETTE,
    BadClass,
    ClassInUse,
    ClassKeyTaken,
    ClassNameTaken,
    TooManyClasses,
    create_class,
    delete_class,
    update_class,
)
from annotations.actions.drafts import accept_draft
from annotations.actions.instance_classes import set_class
from annotations.actions.regions import open_region, reopen_region, submit_region
from annotations.models import AuditEntry, Instance, LabelOp, ObjectClass
from annotations.queries.chunks import manifest_of, snapshot_classes, snapshot_digests
from annotations.queries.classes import NoSuchClass, classes_in, classes_of_project, names_now
from project import events, storage
from project.errors import NotAllowed, NotFound
from tests.annotations.painting import box_op, check_in_step, new_id, paint_box, send, sent
from tests.contracts.furnished import a_draft
from tests.factories import ImageFactory, LayerFactory

BOXES = [(0, 0, 9, 9), (20, 0, 29, 9), (40, 0, 49, 9)]


@pytest.fixture
def mitosis(reviewer, project):
    return create_class(user=reviewer, project_id=project.pk, name="mitosis", key="5")


@pytest.fixture
def resting(reviewer, project, mitosis):
    return create_class(user=reviewer, project_id=project.pk, name="resting")


@pytest.fixture
def told(monkeypatch):
    """What was published, as (channel, type)."""
    found = []
    monkeypatch.setattr(
        events, "publish", lambda channel, event: found.append((channel, event["type"]))
    )
    return found


def class_of(layer, instance_id):
    return Instance.objects.get(layer=layer, instance_id=instance_id).class_name


def names(project):
    return [one.name for one in classes_of_project(project)]


# --- the list ----------------------------------------------------------------------------------


def test_classes_come_in_their_order_with_colours_of_their_own(reviewer, project):
    for name in "abcdefgh":
        create_class(user=reviewer, project_id=project.pk, name=name)

    assert names(project) == list("abcdefgh")
    colours = [one.colour for one in classes_of_project(project)]
    assert colours == [*PALETTE, PALETTE[0]]


def test_a_class_is_cleaned_and_audited(owner, project):
    made = create_class(
        user=owner,
        project_id=project.pk,
        name="  mitosis\n ",
        colour="#ABCDEF",
        key="Z",
        description=" divides ",
    )

    assert (made.name, made.colour, made.key, made.description) == (
        *("mitosis", "#abcdef", "z", "divides"),
    )
    entry = AuditEntry.objects.get(verb="create_class")
    assert (entry.user, entry.target, entry.data["name"]) == (owner, str(made.pk), "mitosis")


@pytest.mark.parametrize(
    ("given", "error", "said"),
    [
        ({"name": " "}, BadClass, "a name"),
        ({"name": "x" * 65}, BadClass, "at most 64 letters; this one has 65"),
        ({"name": "Mitosis"}, ClassNameTaken, "'mitosis' already"),
        ({"key": "5"}, ClassKeyTaken, "chooses 'mitosis' already"),
        ({"key": "b"}, BadClass, "the editor uses the others"),
        ({"key": "56"}, BadClass, "is one of"),
        ({"colour": "red"}, BadClass, "#56b4e9"),
        ({"colour": "#12345"}, BadClass, "six digits"),
    ],
)
def test_what_cannot_be_a_class_is_refused_with_a_sentence(
    reviewer, project, mitosis, given, error, said
):
    with pytest.raises(error, match=said):
        create_class(user=reviewer, project_id=project.pk, **{"name": "other", **given})

    assert names(project) == ["mitosis"]


def test_there_are_at_most_so_many(reviewer, project):
    ObjectClass.objects.bulk_create(
        ObjectClass(project=project, name=f"{k}", colour="#000000") for k in range(MAX_CLASSES)
    )

    with pytest.raises(TooManyClasses):
        create_class(user=reviewer, project_id=project.pk, name="one more")


def test_annotators_and_strangers_do_not_change_the_list(annotator, stranger, project, mitosis):
    for act in (
        lambda user: create_class(user=user, project_id=project.pk, name="x"),
        lambda user: update_class(user=user, class_id=mitosis.pk, name="x"),
        lambda user: delete_class(user=user, class_id=mitosis.pk),
    ):
        with pytest.raises(NotAllowed):
            act(annotator)
        with pytest.raises(NotFound):
            act(stranger)

    assert names(project) == ["mitosis"]


def test_a_class_keeps_its_own_name_and_key_when_it_is_changed(reviewer, mitosis):
    changed = update_class(
        user=reviewer, class_id=mitosis.pk, name="Mitosis", key="5", colour="#ff0000"
    )

    assert (changed.name, changed.key, changed.colour) == ("Mitosis", "5", "#ff0000")


def test_a_class_is_moved(reviewer, project):
    made = [create_class(user=reviewer, project_id=project.pk, name=name) for name in "abcd"]

    update_class(user=reviewer, class_id=made[3].pk, position=1)
    assert names(project) == list("adbc")
    update_class(user=reviewer, class_id=made[0].pk, position=99)
    assert names(project) == list("dbca")
    assert [one.position for one in classes_of_project(project)] == [0, 1, 2, 3]


def test_the_same_name_is_free_in_another_project(owner, stranger, project, mitosis):
    elsewhere = stranger.memberships.get().project

    assert create_class(user=stranger, project_id=elsewhere.pk, name="mitosis", key="5").pk


# --- classes of instances ----------------------------------------------------------------------


def test_a_stroke_says_the_class_of_what_it_paints(annotator, layer, mitosis):
    instance_id = new_id(annotator, layer)
    op = sent(box_op(layer, BOXES[0], instance_id), meta={"classes": {"mitosis": [instance_id]}})

    send(annotator, layer, op)

    assert class_of(layer, instance_id) == "mitosis"
    check_in_step(layer)


def test_an_op_without_pixels_gives_a_class_and_its_undo_takes_it_back(
    annotator, layer, mitosis, resting
):
    one, other = paint_box(annotator, layer, BOXES[0]), paint_box(annotator, layer, BOXES[1])

    send(annotator, layer, sent({}, kind="class", meta={"classes": {"mitosis": [one, other]}}))
    send(annotator, layer, sent({}, kind="undo", meta={"classes": {"": [one], "resting": [other]}}))

    assert (class_of(layer, one), class_of(layer, other)) == ("", "resting")
    assert Instance.objects.get(instance_id=one).state == "accepted"
    check_in_step(layer)


def test_an_object_that_was_never_painted_gets_no_row(annotator, layer, mitosis):
    paint_box(annotator, layer, BOXES[0])
    unused = new_id(annotator, layer)

    send(annotator, layer, sent({}, kind="class", meta={"classes": {"mitosis": [unused]}}))

    assert layer.instances.count() == 1


@pytest.mark.parametrize(
    ("classes", "said"),
    [
        ({"apoptosis": [1]}, "no class named 'apoptosis'"),
        ({"mitosis": [99]}, "not handed out"),
        ({"mitosis": [0]}, "by its number"),
        ({"mitosis": [1], "": [1]}, "each instance once"),
        ({"mitosis": 1}, "must list"),
        (["mitosis"], "must list"),
    ],
)
def test_a_class_that_cannot_be_is_refused_with_the_n_of_its_op(
    annotator, layer, mitosis, classes, said
):
    instance_id = paint_box(annotator, layer, BOXES[0])

    with pytest.raises(Exception, match=said) as refusal:
        send(annotator, layer, sent({}, n=77, kind="class", meta={"classes": classes}))

    assert refusal.value.data["n"] == 77
    assert class_of(layer, instance_id) == ""


def test_nobody_renames_a_class_by_an_op(annotator, layer, mitosis):
    paint_box(annotator, layer, BOXES[0])

    with pytest.raises(Exception, match="renamed in the project"):
        send(annotator, layer, sent({}, kind="rename-class", meta={"renames": {"mitosis": "x"}}))


def test_merging_keeps_the_class_of_the_object_that_stays(annotator, layer, mitosis, resting):
    stays, goes = paint_box(annotator, layer, BOXES[0]), paint_box(annotator, layer, BOXES[1])
    given = {"mitosis": [stays], "resting": [goes]}
    send(annotator, layer, sent({}, kind="class", meta={"classes": given}))

    send(annotator, layer, sent(box_op(layer, BOXES[1], stays), kind="merge"))

    assert class_of(layer, stays) == "mitosis"
    row = Instance.objects.get(layer=layer, instance_id=stays)
    assert row.area_px == 2 * 81


def test_a_script_sets_the_class_by_one_call(annotator, layer, mitosis):
    ids = [paint_box(annotator, layer, box) for box in BOXES]
    seq = layer.seq

    done = set_class(
        user=annotator, layer_id=layer.pk, instance_ids=[*ids[:2], 999], class_name="mitosis"
    )
    again = set_class(user=annotator, layer_id=layer.pk, instance_ids=ids[:2], class_name="mitosis")

    assert (done.n_changed, done.seq) == (2, seq + 1)
    assert (again.n_changed, again.seq) == (0, seq + 1)
    assert [class_of(layer, one) for one in ids] == ["mitosis", "mitosis", ""]
    op = LabelOp.objects.get(layer=layer, seq=seq + 1)
    assert (op.kind, op.meta) == ("class", {"classes": {"mitosis": ids[:2]}})
    assert AuditEntry.objects.filter(verb="set_class").count() == 2
    check_in_step(layer)


def test_a_class_of_another_project_is_none_here(annotator, stranger, layer, mitosis):
    elsewhere = stranger.memberships.get().project
    create_class(user=stranger, project_id=elsewhere.pk, name="theirs")
    instance_id = paint_box(annotator, layer, BOXES[0])

    with pytest.raises(NoSuchClass):
        set_class(
            user=annotator, layer_id=layer.pk, instance_ids=[instance_id], class_name="theirs"
        )


def test_a_drafts_class_is_corrected_and_accepted(annotator, viewer, layer, mitosis):
    draft = a_draft(layer.image)

    set_class(user=annotator, layer_id=draft.pk, instance_ids=[2], class_name="mitosis")
    accept_draft(user=annotator, layer_id=layer.pk, draft_id=draft.pk)

    assert class_of(draft, 2) == "mitosis"
    rows = {row.source_instance_id: row.class_name for row in layer.instances.all()}
    assert rows == {1: "", 2: "mitosis", 3: ""}
    # Open editors do what the log says.
    second = layer.instances.get(source_instance_id=2).instance_id
    assert layer.ops.get().meta["classes"] == {"mitosis": [second]}
    with pytest.raises(NotAllowed):
        set_class(user=viewer, layer_id=draft.pk, instance_ids=[1], class_name="mitosis")


def test_editors_of_the_image_hear_of_a_drafts_classes(annotator, layer, mitosis, told):
    draft = a_draft(layer.image)
    told.clear()

    for _ in range(2):
        set_class(user=annotator, layer_id=draft.pk, instance_ids=[2], class_name="mitosis")

    assert sorted(told) == sorted([(f"layer:{one.pk}", "instances") for one in (draft, layer)])


def test_an_undo_brings_back_a_class_that_only_a_draft_knows(annotator, layer, mitosis):
    draft = a_draft(layer.image)
    Instance.objects.filter(layer=draft).update(class_name="apoptosis")
    accept_draft(user=annotator, layer_id=layer.pk, draft_id=draft.pk, instance_ids=[1])
    one = layer.instances.get().instance_id
    send(annotator, layer, sent({}, kind="class", meta={"classes": {"mitosis": [one]}}))
    set_class(user=annotator, layer_id=draft.pk, instance_ids=[2], class_name="mitosis")

    send(annotator, layer, sent({}, kind="undo", meta={"classes": {"apoptosis": [one]}}))
    set_class(
        user=annotator,
        layer_id=draft.pk,
        instance_ids=[2],
        class_name="apoptosis",
        restores=True,
    )

    assert (class_of(layer, one), class_of(draft, 2)) == ("apoptosis", "apoptosis")
    with pytest.raises(NoSuchClass):
        set_class(user=annotator, layer_id=draft.pk, instance_ids=[3], class_name="necrosis")


# --- renaming and deleting reach into the layers -----------------------------------------------


def painted(user, layer, class_name="mitosis"):
    instance_id = paint_box(user, layer, BOXES[0])
    set_class(user=user, layer_id=layer.pk, instance_ids=[instance_id], class_name=class_name)
    layer.refresh_from_db()
    return instance_id


def test_a_new_name_reaches_every_layer_and_draft_of_the_project(
    reviewer, annotator, project, layer, mitosis, told
):
    second = LayerFactory(image=ImageFactory(project=project))
    untouched = LayerFactory(image=ImageFactory(project=project))
    draft = a_draft(layer.image)
    one, other = painted(annotator, layer), painted(annotator, second)
    set_class(user=annotator, layer_id=draft.pk, instance_ids=[3], class_name="mitosis")
    seqs = [layer.seq, second.seq, untouched.seq]
    told.clear()

    update_class(user=reviewer, class_id=mitosis.pk, name="dividing")

    assert {class_of(layer, one), class_of(second, other), class_of(draft, 3)} == {"dividing"}
    for one_layer, seq in zip((layer, second), seqs, strict=False):
        one_layer.refresh_from_db()
        assert one_layer.seq == seq + 1
        op = one_layer.ops.get(seq=seq + 1)
        assert (op.kind, op.user, op.meta) == (
            *("rename-class", reviewer),
            {"renames": {"mitosis": "dividing"}},
        )
        check_in_step(one_layer)
    untouched.refresh_from_db()
    assert untouched.seq == seqs[2]
    assert set(told) == {
        (f"layer:{layer.pk}", "ops"),
        (f"layer:{second.pk}", "ops"),
        (f"layer:{draft.pk}", "instances"),
        (f"project:{project.pk}", "classes"),
    }
    entry = AuditEntry.objects.get(verb="update_class")
    assert entry.data == {"name": "dividing", "renamed": ["mitosis", "dividing"]}


def test_another_project_keeps_the_name(reviewer, annotator, stranger, layer, mitosis):
    elsewhere = stranger.memberships.get().project
    create_class(user=stranger, project_id=elsewhere.pk, name="mitosis")
    theirs = LayerFactory(image=ImageFactory(project=elsewhere))
    instance_id = painted(stranger, theirs)

    update_class(user=reviewer, class_id=mitosis.pk, name="dividing")

    assert class_of(theirs, instance_id) == "mitosis"


def test_a_stroke_that_waited_gets_the_name_of_today(reviewer, annotator, layer, mitosis):
    waiting = new_id(annotator, layer)
    op = sent(box_op(layer, BOXES[0], waiting), meta={"classes": {"mitosis": [waiting]}})
    update_class(user=reviewer, class_id=mitosis.pk, name="dividing")
    update_class(user=reviewer, class_id=mitosis.pk, name="M phase")

    outcome = send(annotator, layer, op)

    assert class_of(layer, waiting) == "M phase"
    assert outcome.ops[0].meta["classes"] == {"M phase": [waiting]}


def test_a_class_that_objects_have_is_not_deleted_unasked(
    reviewer, annotator, project, layer, mitosis
):
    instance_id = painted(annotator, layer)
    draft = a_draft(layer.image)
    set_class(user=annotator, layer_id=draft.pk, instance_ids=[1, 2], class_name="mitosis")

    with pytest.raises(ClassInUse, match="1 object and 2 objects of drafts have") as refusal:
        delete_class(user=reviewer, class_id=mitosis.pk)

    assert refusal.value.data == {"n_instances": 1, "n_drafted": 2}
    assert names(project) == ["mitosis"]
    assert class_of(layer, instance_id) == "mitosis"


@pytest.mark.parametrize("new", ["resting", ""])
def test_the_objects_of_a_deleted_class_become_what_is_said(
    reviewer, annotator, project, layer, mitosis, resting, new
):
    instance_id = painted(annotator, layer)

    delete_class(user=reviewer, class_id=mitosis.pk, replace_by=new)

    assert class_of(layer, instance_id) == new
    assert names(project) == ["resting"]
    assert names_now(project, ["mitosis"])["mitosis"] == new
    check_in_step(layer)


def test_nothing_can_become_what_is_no_class(reviewer, annotator, layer, mitosis):
    painted(annotator, layer)

    for name in ("mitosis", "apoptosis"):
        with pytest.raises(NoSuchClass):
            delete_class(user=reviewer, class_id=mitosis.pk, replace_by=name)


def test_a_class_without_objects_goes_at_once(reviewer, annotator, project, layer, mitosis):
    instance_id = painted(annotator, layer)
    send(annotator, layer, sent(box_op(layer, BOXES[0], 0), kind="delete"))

    delete_class(user=reviewer, class_id=mitosis.pk)

    assert names(project) == []
    # Undo may bring the object back, but not the class.
    send(annotator, layer, sent(box_op(layer, BOXES[0], instance_id), kind="undo"))
    assert class_of(layer, instance_id) == ""


# --- snapshots ---------------------------------------------------------------------------------


def test_a_snapshot_freezes_the_classes(reviewer, annotator, image, layer, mitosis):
    classed, plain = painted(annotator, layer), paint_box(annotator, layer, BOXES[1])
    region = open_region(user=annotator, image_id=image.pk, box=(0, 0, 60, 60))
    first = submit_region(user=annotator, region_id=region.pk).snapshot

    reopen_region(user=annotator, region_id=region.pk)
    set_class(user=annotator, layer_id=layer.pk, instance_ids=[plain], class_name="mitosis")
    second = submit_region(user=annotator, region_id=region.pk).snapshot

    assert snapshot_classes(first) == {classed: "mitosis"}
    assert snapshot_classes(second) == {classed: "mitosis", plain: "mitosis"}
    assert snapshot_digests(first) == snapshot_digests(second)


def test_a_manifest_without_classes_is_what_it_always_was(annotator, layer):
    paint_box(annotator, layer, BOXES[0])

    manifest = manifest_of(layer)

    digest = layer.chunks.get().digest
    assert manifest == (
        f'{{"chunks":{{"0/0/0/0":"{digest}"}},"layer":"{layer.pk}","seq":1}}'.encode()
    )


def test_an_object_that_is_gone_is_in_no_manifest(annotator, layer, mitosis):
    painted(annotator, layer)
    send(annotator, layer, sent(box_op(layer, BOXES[0], 0), kind="delete"))

    assert "classes" not in json.loads(manifest_of(layer))


def test_a_renamed_class_is_the_same_class_in_an_old_snapshot(
    reviewer, annotator, image, layer, mitosis, resting
):
    one = painted(annotator, layer)
    other = paint_box(annotator, layer, BOXES[1])
    set_class(user=annotator, layer_id=layer.pk, instance_ids=[other], class_name="resting")
    region = open_region(user=annotator, image_id=image.pk, box=(0, 0, 60, 60))
    snapshot = submit_region(user=annotator, region_id=region.pk).snapshot
    frozen = storage.read_blob(snapshot.manifest_digest)

    update_class(user=reviewer, class_id=mitosis.pk, name="dividing")
    create_class(user=reviewer, project_id=image.project_id, name="mitosis")
    assert classes_in(snapshot) == {one: "dividing", other: "resting"}

    delete_class(user=reviewer, class_id=resting.pk, replace_by="")
    assert classes_in(snapshot) == {one: "dividing"}
    assert storage.read_blob(snapshot.manifest_digest) == frozen
    assert snapshot_classes(snapshot) == {one: "mitosis", other: "resting"}


def test_every_key_is_offered_once():
    assert len(set(KEYS)) == len(KEYS)
