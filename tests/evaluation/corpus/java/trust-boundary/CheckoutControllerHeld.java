package com.northwind.checkout;

import jakarta.servlet.http.HttpServletRequest;
import jakarta.servlet.http.HttpSession;
import java.security.Principal;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.NoSuchElementException;
import org.springframework.stereotype.Controller;
import org.springframework.web.bind.annotation.CookieValue;
import org.springframework.web.bind.annotation.GetMapping;
import org.springframework.web.bind.annotation.PathVariable;
import org.springframework.web.bind.annotation.PostMapping;
import org.springframework.web.bind.annotation.RequestBody;
import org.springframework.web.bind.annotation.RequestHeader;
import org.springframework.web.bind.annotation.RequestParam;
import org.springframework.web.bind.annotation.ResponseBody;
import org.springframework.web.util.HtmlUtils;
import org.springframework.web.util.WebUtils;

@Controller
public class CheckoutControllerHeld {
    enum Delivery { POST, COURIER, PICKUP }

    record Voucher(String code, int percent) {}

    interface Vouchers {
        List<Voucher> active();
    }

    private final Vouchers vouchers;

    public CheckoutControllerHeld(Vouchers vouchers) {
        this.vouchers = vouchers;
    }

    // case: vulnerable
    @PostMapping("/checkout/price")
    public String price(@RequestParam String total, HttpSession session) {
        session.setAttribute("total", total);
        return "checkout";
    }

    // case: safe (an enum)
    @PostMapping("/checkout/delivery")
    public String delivery(@RequestParam String delivery, HttpSession session) {
        Delivery chosen = Delivery.valueOf(delivery.toUpperCase(Locale.ROOT));
        session.setAttribute("delivery", chosen);
        return "checkout";
    }

    // case: vulnerable (escaping does not make it trustworthy: a role is taken from the body)
    @PostMapping("/checkout/customer")
    @ResponseBody
    public String customer(@RequestBody Map<String, String> body, HttpServletRequest request) {
        String role = HtmlUtils.htmlEscape(body.get("role"));
        request.getSession().setAttribute("role", role);
        return "ok";
    }

    // case: safe (our own voucher with that code, or none)
    @PostMapping("/checkout/voucher/{code}")
    public String voucher(@PathVariable String code, HttpSession session) {
        for (Voucher voucher : vouchers.active()) {
            if (voucher.code().equals(code)) {
                session.setAttribute("voucher", voucher);
                return "checkout";
            }
        }
        throw new NoSuchElementException();
    }

    // case: vulnerable (Spring's helper writes to the session)
    @GetMapping("/checkout/partner")
    public String partner(@CookieValue("partner") String partner, HttpServletRequest request) {
        WebUtils.setSessionAttribute(request, "partner", partner);
        return "redirect:/checkout";
    }

    // case: safe (who is signed in is known to the container)
    @GetMapping("/checkout/me")
    public String me(Principal principal, HttpSession session) {
        session.setAttribute("login", principal.getName());
        return "checkout";
    }

    // case: vulnerable (a private method puts it in)
    @GetMapping("/checkout/affiliate")
    public String affiliate(@RequestHeader("X-Affiliate") String affiliate, HttpSession session) {
        note(session, "affiliate", affiliate.trim());
        return "checkout";
    }

    private static void note(HttpSession session, String name, Object value) {
        session.setAttribute(name, value);
    }

    // case: safe (the private method answers with a constant)
    @GetMapping("/checkout/campaign")
    public String campaign(@RequestParam String campaign, HttpSession session) {
        session.setAttribute("campaign", nameOf(campaign));
        return "checkout";
    }

    private static String nameOf(String campaign) {
        if (campaign.startsWith("s")) {
            return "summer";
        }
        return "none";
    }

    // case: vulnerable (the map's tainted entry)
    @PostMapping("/checkout/gift")
    public String gift(@RequestParam String from, HttpSession session) {
        Map<String, String> gift = new HashMap<>();
        gift.put("paper", "red");
        gift.put("from", from);
        session.setAttribute("gift.from", gift.get("from"));
        return "gift";
    }

    // case: safe (the map's other entry)
    @PostMapping("/checkout/wrap")
    public String wrap(@RequestParam String from, HttpSession session) {
        Map<String, String> gift = new HashMap<>();
        gift.put("paper", "red");
        gift.put("from", from);
        session.setAttribute("gift.paper", gift.get("paper"));
        return "gift";
    }

    // case: safe (ternary over constants)
    @GetMapping("/checkout/step")
    public String step(@RequestParam String step, HttpSession session) {
        int last = 5 * 5 - 20;
        session.setAttribute("step", last == 5 ? "payment" : step);
        return "checkout";
    }
}
