package com.northwind.views;

import com.mitchellbosecke.pebble.PebbleEngine;
import com.mitchellbosecke.pebble.loader.StringLoader;
import java.io.IOException;
import java.io.StringWriter;
import java.util.Map;
import java.util.Set;
import org.springframework.stereotype.Controller;
import org.springframework.ui.Model;
import org.springframework.web.bind.annotation.GetMapping;
import org.springframework.web.bind.annotation.PostMapping;
import org.springframework.web.bind.annotation.RequestBody;
import org.springframework.web.bind.annotation.RequestParam;
import org.springframework.web.bind.annotation.ResponseBody;
import org.thymeleaf.TemplateEngine;
import org.thymeleaf.context.Context;
import org.thymeleaf.templateresolver.StringTemplateResolver;

/** Views are Thymeleaf templates below resources/templates. */
@Controller
public class ViewControllerHeld {
    private static final Set<String> LANGUAGES = Set.of("en", "de", "zh");
    private final TemplateEngine strings = new TemplateEngine();
    private final PebbleEngine pebble = new PebbleEngine.Builder().loader(new StringLoader()).build();

    public ViewControllerHeld() {
        strings.setTemplateResolver(new StringTemplateResolver());
    }

    // case: vulnerable (a view's name is an expression to Thymeleaf)
    @GetMapping("/help")
    public String help(@RequestParam String section) {
        return "help/index :: " + section;
    }

    // case: safe (one of three languages)
    @GetMapping("/about")
    public String about(@RequestParam String lang) {
        String language = LANGUAGES.contains(lang) ? lang : "en";
        return "about/" + language;
    }

    // case: vulnerable (text of the request is the template)
    @PostMapping("/letters/preview")
    @ResponseBody
    public String letter(@RequestBody String template) {
        return strings.process(template, new Context());
    }

    // case: safe (text of the request is a variable)
    @PostMapping("/letters/text")
    @ResponseBody
    public String text(@RequestBody String text) {
        Context context = new Context();
        context.setVariable("text", text);
        return strings.process("<p th:text=\"${text}\"></p>", context);
    }

    // case: vulnerable (Pebble, template from a string)
    @PostMapping("/banners/preview")
    @ResponseBody
    public String banner(@RequestBody Map<String, String> body) throws IOException {
        StringWriter out = new StringWriter();
        pebble.getTemplate(body.get("markup")).evaluate(out, Map.of("year", 2024));
        return out.toString();
    }

    // case: safe (the model holds the request's value, the view's name does not)
    @GetMapping("/contact")
    public String contact(@RequestParam String topic, Model model) {
        model.addAttribute("topic", topic);
        return "contact/form";
    }
}
