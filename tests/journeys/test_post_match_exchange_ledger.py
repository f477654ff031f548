"""Post → match → exchange → ledger → totals, as people do it, in both languages at once."""

import re

import pytest

pytestmark = pytest.mark.journey


def test_from_a_posted_surplus_to_the_district_s_total(person):
    supplier = person("en").sign_in("trader@ironworks.example")
    buyer = person("zh", width=390).sign_in("trader@grinding.example")

    buyer.open("/listings/new").type(kind="want", title="矿物掺合料 水泥粉磨站").press("继续")
    buyer.type(material="gbfs", quantity="500", price_cny_per_t="60").press("发布")
    assert "矿物掺合料" in buyer.text

    supplier.open("/listings/new").type(title="Granulated slag, water quenched")
    supplier.page.get_by_text("open want may suit it").wait_for()
    supplier.press("Go on")
    assert supplier.page.locator("[name=material]").input_value() == "gbfs"
    supplier.type(quantity="400", price_cny_per_t="35").press("Publish")
    assert "矿物掺合料" in supplier.text
    assert "replaces Portland cement clinker" in supplier.text

    buyer.open("/listings?q=水渣")
    assert "Granulated slag, water quenched" in buyer.text
    buyer.page.get_by_role("link", name="Granulated slag, water quenched", exact=True).click()
    buyer.press("申请匹配").type(quantity_t="60", price_cny_per_t="30", use="scm-cement").press("发送申请")
    exchange = buyer.page.url.removeprefix(buyer.site)

    supplier.open(exchange).press("Propose other terms").type(price_cny_per_t="33").press("Propose terms")
    buyer.open(exchange)
    assert re.search(r"30\S* ¥33|¥33", buyer.text)
    buyer.press("接受条款")

    supplier.open(exchange).press("Record delivery")
    supplier.type(gross_t="75.5", tare_t="15.5", ticket_number="T-1").press("Record delivery")
    buyer.open(exchange).press("确认").press("确认交付")

    buyer.press("核对数值并完成")
    assert "水泥熟料" in buyer.text
    buyer.press("确认完成")
    supplier.open(exchange).press("Check figure and complete").press("Confirm completion")
    assert "Completed" in supplier.text
    supplier.press("Entry 0")
    assert re.search(r"\d+\.\d t CO₂e", supplier.text)

    officer = person("en").sign_in("district_officer@example.com").open("/district")
    assert "Slags" in officer.text
    officer.page.locator("main table a").first.click()
    assert "Entry 0" in officer.text

    auditor = person("zh").sign_in("auditor@example.com").open("/ledger/entries/0")
    assert "默克尔" in auditor.open("/ledger").text
    assert "包含性证明" in auditor.open("/ledger/entries/0").text


def test_a_new_enterprise_from_sign_up_to_approval(person):
    owner = person("en").open("/sign-up")
    owner.type(
        uscc="91310113MAD1TJ3Y99",
        enterprise_name_en="Xinhai Composites (sample)",
        name="Wu",
        email="wu@xinhai.example",
        password="three unrelated words",
        industry="plastics",
    )
    owner.page.locator("[name=consent]").check()
    owner.press("Register")
    assert "mail" in owner.text
    owner.open("/dev/mail").press("Follow the link").press("Confirm my address")
    owner.sign_in("wu@xinhai.example")
    assert "Waiting for approval" in owner.text

    officer = person("zh").sign_in("district_officer@example.com").open("/district/enterprises?state=pending")
    officer.page.get_by_role("link", name="Xinhai Composites (sample)").click()
    officer.type(decision="approved").press("保存决定")
    assert "已批准" in officer.text


def test_what_was_typed_survives_a_wrong_form(person):
    trader = person("zh").sign_in("trader@ironworks.example").open("/listings/new")
    trader.type(title="转炉钢渣").press("继续").type(quantity="一百", description="陈化三个月").press("发布")
    assert "请填写数字" in trader.text
    assert trader.page.locator("[name=quantity]").input_value() == "一百"
    assert trader.page.locator("[name=description]").input_value() == "陈化三个月"
    trader.complaints.clear()  # Chromium reports the 422 itself


def test_pages_read_without_scripts(browser, site):
    context = browser.new_context(java_script_enabled=False)
    page = context.new_page()
    page.goto(site + "/sign-in")
    page.fill("[name=email]", "trader@third.example")
    page.fill("[name=password]", "three unrelated words")
    page.click("main button[type=submit]")
    page.goto(site + "/listings/new?kind=offer&title=fly+ash")
    page.fill("[name=quantity]", "20")
    page.click("main button[value=draft]")
    assert "Draft" in page.inner_text("main")
    context.close()
