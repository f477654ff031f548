"""Pages of sign-up, sign-in and the enterprise's own data."""

from flask import Blueprint, current_app, flash, redirect, render_template, request, session, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext
from flask_login import current_user, login_required, login_user, logout_user

from marketplace.accounts import queries, service, sites
from marketplace.accounts.errors import AlreadyMember, LastOwner, SiteInUse, UsccTaken
from marketplace.accounts.forms import (
    AcceptInvitationForm,
    EnterpriseForm,
    ForgotPasswordForm,
    InviteForm,
    LicenceForm,
    NewPasswordForm,
    ProfileForm,
    RoleForm,
    SignInForm,
    SignUpForm,
    SiteForm,
)
from marketplace.accounts.models import Invitation, Membership, Role, Site
from marketplace.accounts.policy import Permission, find_or_404, requires
from marketplace.database import transaction
from marketplace.extensions import db, limiter
from marketplace.web.language import language
from marketplace.web.redirects import safe_next

bp = Blueprint("accounts", __name__)


def _sign_in_limit() -> str:
    return str(current_app.config["SIGN_IN_LIMIT"])


@bp.route("/sign-in", methods=["GET", "POST"])
@limiter.limit(_sign_in_limit, methods=["POST"])
def sign_in() -> ResponseReturnValue:
    form = SignInForm()
    if not form.validate_on_submit():
        return render_template("accounts/sign_in.html", form=form), 422 if form.errors else 200
    user = service.authenticate(form.email.data, form.password.data)
    if user is None:
        form.password.errors = [gettext("Address and password do not fit, or the address is not yet confirmed.")]
        return render_template("accounts/sign_in.html", form=form), 422
    chosen = session.get("language")
    session.clear()
    if chosen:
        session["language"] = chosen
    session.permanent = True
    login_user(user)
    return redirect(safe_next(request.args.get("next"), url_for("work.overview")), 303)


@bp.post("/sign-out")
def sign_out() -> ResponseReturnValue:
    chosen = session.get("language")
    logout_user()
    session.clear()
    if chosen:
        session["language"] = chosen
    return redirect(url_for("web.home"), 303)


@bp.route("/sign-up", methods=["GET", "POST"])
@limiter.limit(_sign_in_limit, methods=["POST"])
def sign_up() -> ResponseReturnValue:
    form = SignUpForm()
    if not form.validate_on_submit():
        return render_template("accounts/sign_up.html", form=form), 422 if form.errors else 200
    wish = service.SignUp(
        email=form.email.data,
        name=form.name.data,
        password=form.password.data,
        language=language(),
        uscc=form.parsed_uscc,
        enterprise_name_zh=form.enterprise_name_zh.data,
        enterprise_name_en=form.enterprise_name_en.data,
        industry=form.chosen_industry,
    )
    try:
        with transaction():
            service.sign_up(wish)
    except UsccTaken as taken:
        form.uscc.errors = [taken.sentence()]
        return render_template("accounts/sign_up.html", form=form), 409
    return redirect(url_for("accounts.check_mail"), 303)


@bp.get("/check-mail")
def check_mail() -> ResponseReturnValue:
    return render_template("accounts/check_mail.html")


@bp.route("/confirm/<token>", methods=["GET", "POST"])
def confirm(token: str) -> ResponseReturnValue:
    """A button, not the link itself, confirms: mail scanners open links."""
    if request.method == "GET":
        return render_template("accounts/confirm.html", token=token)
    with transaction():
        service.confirm_address(token)
    flash(gettext("Your address is confirmed. Sign in to go on."))
    return redirect(url_for("accounts.sign_in"), 303)


@bp.route("/forgot-password", methods=["GET", "POST"])
@limiter.limit(_sign_in_limit, methods=["POST"])
def forgot_password() -> ResponseReturnValue:
    form = ForgotPasswordForm()
    if not form.validate_on_submit():
        return render_template("accounts/forgot_password.html", form=form), 422 if form.errors else 200
    with transaction():
        service.ask_for_reset(form.email.data)
    return redirect(url_for("accounts.check_mail"), 303)


@bp.route("/reset-password/<token>", methods=["GET", "POST"])
def reset_password(token: str) -> ResponseReturnValue:
    service.user_of_reset(token)
    form = NewPasswordForm()
    if not form.validate_on_submit():
        return render_template("accounts/reset_password.html", form=form), 422 if form.errors else 200
    with transaction():
        service.set_password(service.user_of_reset(token), form.password.data)
    flash(gettext("Your password is changed. Sign in with the new one."))
    return redirect(url_for("accounts.sign_in"), 303)


@bp.route("/invitations/<token>", methods=["GET", "POST"])
def accept_invitation(token: str) -> ResponseReturnValue:
    invitation = service.open_invitation(token)
    form = AcceptInvitationForm()
    if not form.validate_on_submit():
        page = render_template("accounts/accept_invitation.html", form=form, invitation=invitation)
        return page, 422 if form.errors else 200
    with transaction():
        invitation = service.open_invitation(token)
        user = service.accept_invitation(invitation, form.name.data, form.password.data, language())
    login_user(user)
    return redirect(url_for("work.overview"), 303)


@bp.route("/profile", methods=["GET", "POST"])
@login_required
def profile() -> ResponseReturnValue:
    form = ProfileForm(obj=current_user)
    if not form.validate_on_submit():
        return render_template("accounts/profile.html", form=form), 422 if form.errors else 200
    with transaction():
        current_user.name = form.name.data
        current_user.language = form.language.data
        current_user.wants_digest = form.wants_digest.data
    flash(gettext("Saved."))
    return redirect(url_for("accounts.profile"), 303)


@bp.get("/profile/data.json")
@login_required
def personal_data() -> ResponseReturnValue:
    """What we keep about the person (PIPL Art. 45)."""
    return queries.personal_data(current_user)


@bp.route("/profile/password", methods=["GET", "POST"])
@login_required
def change_password() -> ResponseReturnValue:
    form = NewPasswordForm()
    if not form.validate_on_submit():
        return render_template("accounts/reset_password.html", form=form), 422 if form.errors else 200
    with transaction():
        service.set_password(current_user, form.password.data)
    login_user(current_user)
    flash(gettext("Your password is changed; other sessions have ended."))
    return redirect(url_for("accounts.profile"), 303)


@bp.get("/enterprise")
@requires(Permission.SEE_OWN_ENTERPRISE)
def enterprise() -> ResponseReturnValue:
    own = queries.own_enterprise(current_user)
    invitations = queries.pending_invitations(own.id)
    return render_template("accounts/enterprise.html", enterprise=own, invitations=invitations)


@bp.route("/enterprise/edit", methods=["GET", "POST"])
@requires(Permission.MANAGE_ENTERPRISE)
def edit_enterprise() -> ResponseReturnValue:
    own = queries.own_enterprise(current_user)
    form = EnterpriseForm(obj=own)
    if not form.validate_on_submit():
        return render_template("accounts/edit_enterprise.html", form=form), 422 if form.errors else 200
    with transaction():
        service.choose_learning(own, form.is_learned_from.data, current_user)
        form.populate_obj(own)
    return redirect(url_for("accounts.enterprise"), 303)


@bp.route("/enterprise/invite", methods=["GET", "POST"])
@requires(Permission.MANAGE_ENTERPRISE)
def invite() -> ResponseReturnValue:
    form = InviteForm()
    if not form.validate_on_submit():
        return render_template("accounts/invite.html", form=form), 422 if form.errors else 200
    try:
        with transaction():
            own = queries.own_enterprise(current_user)
            service.invite(own, form.email.data, Role(form.role.data), language())
    except AlreadyMember as refused:
        form.email.errors = [refused.sentence()]
        return render_template("accounts/invite.html", form=form), 409
    flash(gettext("The invitation is on its way."))
    return redirect(url_for("accounts.enterprise"), 303)


@bp.post("/enterprise/invitations/<int:invitation_id>/withdraw")
@login_required
def withdraw_invitation(invitation_id: int) -> ResponseReturnValue:
    find_or_404(Invitation, invitation_id, Permission.EDIT)
    with transaction():
        db.session.delete(db.session.get_one(Invitation, invitation_id))
    return redirect(url_for("accounts.enterprise"), 303)


@bp.route("/enterprise/members/<int:member_id>", methods=["GET", "POST"])
@login_required
def edit_member(member_id: int) -> ResponseReturnValue:
    member = find_or_404(Membership, member_id, Permission.EDIT)
    form = RoleForm(obj=member)
    if not form.validate_on_submit():
        return render_template("accounts/edit_member.html", form=form, member=member), 422 if form.errors else 200
    try:
        with transaction():
            service.change_role(db.session.get_one(Membership, member_id), Role(form.role.data))
    except LastOwner as refused:
        form.role.errors = [refused.sentence()]
        return render_template("accounts/edit_member.html", form=form, member=member), 409
    return redirect(url_for("accounts.enterprise"), 303)


@bp.post("/enterprise/members/<int:member_id>/remove")
@login_required
def remove_member(member_id: int) -> ResponseReturnValue:
    find_or_404(Membership, member_id, Permission.EDIT)
    with transaction():
        service.remove_member(db.session.get_one(Membership, member_id))
    return redirect(url_for("accounts.enterprise"), 303)


@bp.route("/enterprise/sites/new", methods=["GET", "POST"])
@requires(Permission.MANAGE_ENTERPRISE)
def new_site() -> ResponseReturnValue:
    form = SiteForm(parks=queries.park_choices(language()))
    if not form.validate_on_submit():
        return render_template("accounts/site.html", form=form, site=None), 422 if form.errors else 200
    with transaction():
        sites.add_site(queries.own_enterprise(current_user), sites.SiteFacts.of(form))
    return redirect(url_for("accounts.enterprise"), 303)


@bp.route("/enterprise/sites/<int:site_id>", methods=["GET", "POST"])
@login_required
def edit_site(site_id: int) -> ResponseReturnValue:
    site = find_or_404(Site, site_id, Permission.EDIT)
    form = SiteForm(parks=queries.park_choices(language()), data=sites.SiteFacts.as_typed(site))
    if not form.validate_on_submit():
        return render_template("accounts/site.html", form=form, site=site), 422 if form.errors else 200
    with transaction():
        sites.change_site(site, sites.SiteFacts.of(form))
    return redirect(url_for("accounts.enterprise"), 303)


@bp.post("/enterprise/sites/<int:site_id>/remove")
@login_required
def remove_site(site_id: int) -> ResponseReturnValue:
    site = find_or_404(Site, site_id, Permission.EDIT)
    try:
        with transaction():
            sites.remove_site(site)
    except SiteInUse as refused:
        flash(refused.sentence(), "error")
    return redirect(url_for("accounts.enterprise"), 303)


@bp.route("/enterprise/licences/new", methods=["GET", "POST"])
@requires(Permission.MANAGE_ENTERPRISE)
def new_licence() -> ResponseReturnValue:
    form = LicenceForm()
    if not form.validate_on_submit():
        return render_template("accounts/licence.html", form=form), 422 if form.errors else 200
    with transaction():
        sites.add_licence(
            queries.own_enterprise(current_user),
            form.number.data,
            form.hw_code.data,
            form.quantity,
            form.valid_until.data,  # type: ignore[arg-type]
        )
    flash(gettext("A district officer will check the licence; until then it does not count."))
    return redirect(url_for("accounts.enterprise"), 303)
