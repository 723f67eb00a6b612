package com.northwind.products;

import com.mongodb.BasicDBObject;
import com.mongodb.client.MongoCollection;
import com.mongodb.client.model.Filters;
import java.util.ArrayList;
import java.util.List;
import javax.servlet.http.HttpServletRequest;
import org.bson.Document;
import org.bson.conversions.Bson;

public class ProductSearch {
    private final MongoCollection<Document> products;

    public ProductSearch(MongoCollection<Document> products) {
        this.products = products;
    }

    // case: vulnerable (JavaScript on the database server)
    public Document byName(HttpServletRequest request) {
        BasicDBObject query = new BasicDBObject("$where", "this.name == '" + request.getParameter("name") + "'");
        return products.find(query).first();
    }

    // case: safe (equality of a value)
    public Document named(HttpServletRequest request) {
        return products.find(Filters.eq("name", request.getParameter("name"))).first();
    }

    // case: vulnerable (the query is parsed out of a text)
    public Document bySku(HttpServletRequest request) {
        Document query = Document.parse("{ sku: '" + request.getHeader("X-Sku") + "', hidden: false }");
        return products.find(query).first();
    }

    // case: safe (a document with a text as its value)
    public Document withSku(HttpServletRequest request) {
        Document query = new Document("sku", request.getHeader("X-Sku")).append("hidden", false);
        return products.find(query).first();
    }

    // case: safe (JavaScript with a number in it)
    public List<Document> cheaper(HttpServletRequest request) {
        int limit = Integer.parseInt(request.getParameter("limit"));
        Bson filter = Filters.where("this.price * this.count < " + limit);
        return products.find(filter).into(new ArrayList<>());
    }
}
