"""A stream of slag, agreed for months, weighed, and closed month by month, in both languages at once."""

from datetime import timedelta

import pytest

from marketplace.calendar import today

pytestmark = pytest.mark.journey


def test_a_month_is_closed_by_both_sides_and_the_exchange_goes_on(person):
    supplier = person("en").sign_in("trader@ironworks.example")
    buyer = person("zh", width=390).sign_in("trader@grinding.example")
    last_month = today().replace(day=1) - timedelta(days=1)
    month_en, month_zh = f"{last_month:%B %Y}", f"{last_month.year}年{last_month.month}月"

    supplier.open("/listings/new").type(title="Granulated slag, every week").press("Go on")
    supplier.type(quantity="900", price_cny_per_t="20").press("Publish")
    listing = supplier.page.url.removeprefix(supplier.site)
    buyer.open(listing).press("申请匹配")
    buyer.type(
        quantity_t="300", price_cny_per_t="18", use="scm-cement", deliver_from=last_month.replace(day=1).isoformat(),
        recurrence="monthly", supplier_percent="70",
    ).press("发送申请")  # fmt: skip
    exchange = buyer.page.url.removeprefix(buyer.site)
    assert "按月结算" in buyer.text
    assert "供方70 %，接收方30 %" in buyer.text

    supplier.open(exchange).press("Accept terms")
    supplier.press("Record delivery")
    supplier.type(
        gross_t="51.2", tare_t="15.2", ticket_number="R-1", weighed_on=last_month.isoformat()
    ).press("Record delivery")  # fmt: skip
    buyer.open(exchange).press("确认").press("确认交付")

    buyer.press(f"核对数值并结算{month_zh}").press(f"确认{month_zh}")
    assert f"等待对方确认{month_zh}。" in buyer.text
    supplier.open("/work")
    assert f"{month_en} is over: check its figure and confirm it." in supplier.text
    supplier.open(exchange).press(f"Check figure and close {month_en}").press(f"Confirm {month_en}")

    assert "Delivering" in supplier.text
    assert "closed" in supplier.text
    supplier.page.get_by_role("table").first.get_by_role("link").first.click()
    assert month_en in supplier.text
    assert "(70 %)" in supplier.text
